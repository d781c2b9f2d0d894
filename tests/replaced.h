/*
 * replaced.h: programs that replace some of the operators new and delete. What they leave alone must lead to theirs, as
 * the standard has it: from sized and nothrow to plain, from those of arrays to those of objects. Each program counts
 * the calls of its own operators, and says which kinds lead there; on plain libstdc++ the same holds.
 */
#ifndef CAIRN_TESTS_REPLACED_H
#define CAIRN_TESTS_REPLACED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <initializer_list>
#include <new>
#include <string>
#include <vector>

extern "C" {
#include <cmocka.h>
}

/* gcc would have a program replace the sized operators, too. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsized-deallocation"
#endif

/* Which of these <new> declares depends on the compiler's options. */
void operator delete(void *block, size_t size) noexcept;
void operator delete[](void *block, size_t size) noexcept;
void operator delete(void *block, size_t size, std::align_val_t alignment) noexcept;
void operator delete[](void *block, size_t size, std::align_val_t alignment) noexcept;

namespace replaced {

/* Calls of the program's operators so far. */
int news;
int deletes;
/* Whether the program's new throws. */
bool is_short;

/* Which kinds lead to them; each program says so. */
struct kinds {
    bool objects;
    bool arrays;
    bool aligned_objects;
    bool aligned_arrays;
};
extern const kinds led;

/* For the programs' operators: `head` bytes lie before each block, so that nobody else can free it. Out of line, so that
 * the compiler does not find malloc behind new and warn of delete. */
__attribute__((noinline)) void *take(size_t size, size_t alignment, size_t head) {
    news++;
    void *block = is_short ? nullptr : aligned_alloc(alignment, (size + head + alignment) / alignment * alignment);
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    return static_cast<char *>(block) + head;
}
__attribute__((noinline)) void give(void *block, size_t head) {
    deletes++;
    free(block == nullptr ? nullptr : static_cast<char *>(block) - head);
}

constexpr size_t BYTES = 40;
constexpr auto ALIGNMENT = static_cast<std::align_val_t>(64);

using taker = void *();
using giver = void(void *);

/* Each way to take a block, with each way to give it back: once to the program's operators, or never. */
void check(bool is_led, std::initializer_list<taker *> takers, std::initializer_list<giver *> givers) {
    for (taker *take_one : takers) {
        for (giver *give_one : givers) {
            news = deletes = 0;
            void *block = take_one();
            const int news_of_one = news;
            assert_non_null(block);
            memset(block, 0x42, BYTES);
            deletes = 0;
            give_one(block);
            assert_int_equal(news_of_one, is_led);
            assert_int_equal(deletes, is_led);
        }
    }
}

void operators_of_objects_lead_to_it(void **) {
    check(led.objects, {[] { return ::operator new(BYTES); }, [] { return ::operator new(BYTES, std::nothrow); }},
          {[](void *block) { ::operator delete(block); }, [](void *block) { ::operator delete(block, BYTES); },
           [](void *block) { ::operator delete(block, std::nothrow); }});
}

void operators_of_arrays_lead_to_it(void **) {
    check(led.arrays, {[] { return ::operator new[](BYTES); }, [] { return ::operator new[](BYTES, std::nothrow); }},
          {[](void *block) { ::operator delete[](block); }, [](void *block) { ::operator delete[](block, BYTES); },
           [](void *block) { ::operator delete[](block, std::nothrow); }});
}

void operators_of_aligned_objects_lead_to_it(void **) {
    check(led.aligned_objects,
          {[] { return ::operator new(BYTES, ALIGNMENT); },
           [] { return ::operator new(BYTES, ALIGNMENT, std::nothrow); }},
          {[](void *block) { ::operator delete(block, ALIGNMENT); },
           [](void *block) { ::operator delete(block, BYTES, ALIGNMENT); },
           [](void *block) { ::operator delete(block, ALIGNMENT, std::nothrow); }});
}

void operators_of_aligned_arrays_lead_to_it(void **) {
    check(led.aligned_arrays,
          {[] { return ::operator new[](BYTES, ALIGNMENT); },
           [] { return ::operator new[](BYTES, ALIGNMENT, std::nothrow); }},
          {[](void *block) { ::operator delete[](block, ALIGNMENT); },
           [](void *block) { ::operator delete[](block, BYTES, ALIGNMENT); },
           [](void *block) { ::operator delete[](block, ALIGNMENT, std::nothrow); }});
}

/* Whether it gives null; where the program's new was not asked, it gives a block. */
bool is_refused(void *block, giver *give_one) {
    give_one(block);
    return block == nullptr;
}

void nothrow_new_catches_what_it_throws(void **) {
    is_short = true;
    void *one = ::operator new(BYTES, std::nothrow);
    void *many = ::operator new[](BYTES, std::nothrow);
    void *one_aligned = ::operator new(BYTES, ALIGNMENT, std::nothrow);
    void *many_aligned = ::operator new[](BYTES, ALIGNMENT, std::nothrow);
    is_short = false;
    assert_int_equal(is_refused(one, [](void *block) { ::operator delete(block); }), led.objects);
    assert_int_equal(is_refused(many, [](void *block) { ::operator delete[](block); }), led.arrays);
    assert_int_equal(is_refused(one_aligned, [](void *block) { ::operator delete(block, ALIGNMENT); }),
                     led.aligned_objects);
    assert_int_equal(is_refused(many_aligned, [](void *block) { ::operator delete[](block, ALIGNMENT); }),
                     led.aligned_arrays);
}

void throw_of_it_comes_through_new_of_arrays(void **) {
    bool is_caught = false;
    void *many = nullptr;
    is_short = true;
    try {
        many = ::operator new[](BYTES);
    } catch (const std::bad_alloc &) {
        is_caught = true;
    }
    is_short = false;
    ::operator delete[](many);
    assert_int_equal(is_caught, led.arrays);
}

struct alignas(256) Wide {
    unsigned char bytes[700];
};

/* What the library and the compiler call by themselves. */
void use_containers_and_expressions() {
    std::vector<std::string> texts;
    for (size_t i = 0; i < 1000; i++) {
        texts.emplace_back(i * 7919 % 1009, 'x');
    }
    std::stable_sort(texts.begin(), texts.end()); /* its buffer is by nothrow new */
    assert_true(std::is_sorted(texts.begin(), texts.end()));
    std::vector<Wide> wide(10);
    delete new int(1);
    delete[] new std::string[texts.size() % 7 + 1];
    delete new Wide();
    delete[] new Wide[texts.size() % 7 + 1];
}

void containers_and_expressions_give_back_what_they_take(void **) {
    news = deletes = 0;
    use_containers_and_expressions();
    assert_true(news > 0);
    assert_int_equal(news, deletes);
}

int run() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_of_objects_lead_to_it),
        cmocka_unit_test(operators_of_arrays_lead_to_it),
        cmocka_unit_test(operators_of_aligned_objects_lead_to_it),
        cmocka_unit_test(operators_of_aligned_arrays_lead_to_it),
        cmocka_unit_test(nothrow_new_catches_what_it_throws),
        cmocka_unit_test(throw_of_it_comes_through_new_of_arrays),
        cmocka_unit_test(containers_and_expressions_give_back_what_they_take),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

} // namespace replaced

#endif
