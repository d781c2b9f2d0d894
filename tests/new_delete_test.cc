/*
 * new_delete_test.cc: the 20 operators new and delete, by preload or linked in: where they lead, what they give, and
 * how they fail. On plain libstdc++ the same cases hold, but for the one that asks whose they are.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include <cmocka.h>
}

/* Which of these <new> declares depends on the compiler's options. */
void operator delete(void *block, size_t size) noexcept;
void operator delete[](void *block, size_t size) noexcept;
void operator delete(void *block, size_t size, std::align_val_t alignment) noexcept;
void operator delete[](void *block, size_t size, std::align_val_t alignment) noexcept;

namespace {

const char *const operator_names[] = {
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    "_ZdlPv",
    "_ZdaPv",
    "_ZdlPvm",
    "_ZdaPvm",
    "_ZdlPvRKSt9nothrow_t",
    "_ZdaPvRKSt9nothrow_t",
    "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t",
    "_ZdlPvmSt11align_val_t",
    "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t",
    "_ZdaPvSt11align_val_tRKSt9nothrow_t",
};

const char *library_of(const char *name) {
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, name);
    if (address == nullptr || dladdr(address, &info) == 0) {
        fail_msg("%s is not to be found", name);
    }
    return info.dli_fname;
}

/* A size or alignment of which the compiler knows nothing. */
size_t hide(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

void use(void *block) { __asm__ volatile("" : : "r"(block) : "memory"); }

void check_block(void *block, size_t alignment, size_t size) {
    use(block);
    assert_non_null(block);
    assert_int_equal(reinterpret_cast<uintptr_t>(block) % alignment, 0);
    assert_true(malloc_usable_size(block) >= size);
    memset(block, 0x42, size);
    use(block);
}

const size_t sizes[] = {0, 1, 7, 16, 24, 100, 1000, 4096, 40000, 100000, 5000000};
const auto line_align = static_cast<std::align_val_t>(64);
const auto page_align = static_cast<std::align_val_t>(4096);
const size_t absurd = SIZE_MAX / 2 - 100;

bool on_cairn() { return dlsym(RTLD_DEFAULT, "cairn_version") != nullptr; }

void all_operators_are_in_one_library_with_malloc(void **) {
    if (!on_cairn()) {
        skip();
    }
    for (const char *name : operator_names) {
        if (strcmp(library_of(name), library_of("malloc")) != 0) {
            fail_msg("%s is in %s, malloc in %s", name, library_of(name), library_of("malloc"));
        }
    }
}

void plain_new_and_delete_pair(void **) {
    for (size_t size : sizes) {
        void *one = ::operator new(hide(size));
        void *many = ::operator new[](hide(size));
        check_block(one, 16, size);
        check_block(many, 16, size);
        assert_ptr_not_equal(one, many);
        ::operator delete(one);
        ::operator delete[](many);
        one = ::operator new(hide(size));
        many = ::operator new[](hide(size));
        ::operator delete(one, hide(size));
        ::operator delete[](many, hide(size));
    }
}

void nothrow_new_and_delete_pair(void **) {
    for (size_t size : sizes) {
        void *one = ::operator new(hide(size), std::nothrow);
        void *many = ::operator new[](hide(size), std::nothrow);
        check_block(one, 16, size);
        check_block(many, 16, size);
        ::operator delete(one, std::nothrow);
        ::operator delete[](many, std::nothrow);
    }
}

void aligned_new_and_delete_pair(void **) {
    for (size_t alignment = 1; alignment <= 1024 * 1024; alignment *= 2) {
        const auto align = static_cast<std::align_val_t>(alignment);
        for (size_t size : sizes) {
            void *one = ::operator new(hide(size), align);
            void *many = ::operator new[](hide(size), align);
            check_block(one, alignment, size);
            check_block(many, alignment, size);
            ::operator delete(one, align);
            ::operator delete[](many, align);
            one = ::operator new(hide(size), align);
            many = ::operator new[](hide(size), align);
            ::operator delete(one, hide(size), align);
            ::operator delete[](many, hide(size), align);
        }
    }
}

void aligned_nothrow_new_and_delete_pair(void **) {
    for (size_t alignment = 1; alignment <= 1024 * 1024; alignment *= 4) {
        const auto align = static_cast<std::align_val_t>(alignment);
        for (size_t size : sizes) {
            void *one = ::operator new(hide(size), align, std::nothrow);
            void *many = ::operator new[](hide(size), align, std::nothrow);
            check_block(one, alignment, size);
            check_block(many, alignment, size);
            ::operator delete(one, align, std::nothrow);
            ::operator delete[](many, align, std::nothrow);
        }
    }
}

void delete_of_null_is_ignored(void **) {
    void *null = nullptr;
    use(&null);
    ::operator delete(null);
    ::operator delete[](null);
    ::operator delete(null, hide(8));
    ::operator delete[](null, hide(8));
    ::operator delete(null, std::nothrow);
    ::operator delete[](null, std::nothrow);
    ::operator delete(null, line_align);
    ::operator delete[](null, line_align);
    ::operator delete(null, hide(8), line_align);
    ::operator delete[](null, hide(8), line_align);
    ::operator delete(null, line_align, std::nothrow);
    ::operator delete[](null, line_align, std::nothrow);
}

/* ---- failure ------------------------------------------------------------------------------------------------- */

template <typename Take> bool throws_bad_alloc(Take take) {
    try {
        use(take());
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void failure_throws_bad_alloc(void **) {
    assert_true(throws_bad_alloc([] { return ::operator new(hide(absurd)); }));
    assert_true(throws_bad_alloc([] { return ::operator new[](hide(absurd)); }));
    assert_true(throws_bad_alloc([] { return ::operator new(hide(absurd), line_align); }));
    assert_true(throws_bad_alloc([] { return ::operator new[](hide(absurd), line_align); }));
    assert_true(throws_bad_alloc([] { return ::operator new(hide(SIZE_MAX)); }));
    if (on_cairn()) { /* libstdc++ rounds this up to 0 */
        assert_true(throws_bad_alloc([] { return ::operator new(hide(SIZE_MAX), page_align); }));
        assert_true(throws_bad_alloc([] { return ::operator new[](hide(SIZE_MAX), page_align); }));
    }
    assert_true(throws_bad_alloc([] { return new std::vector<char>(hide(absurd)); }));
}

void failure_without_throw_is_null(void **) {
    assert_null(::operator new(hide(absurd), std::nothrow));
    assert_null(::operator new[](hide(absurd), std::nothrow));
    assert_null(::operator new(hide(absurd), line_align, std::nothrow));
    assert_null(::operator new[](hide(absurd), line_align, std::nothrow));
    assert_null(::operator new(hide(SIZE_MAX), std::nothrow));
    if (on_cairn()) {
        assert_null(::operator new(hide(SIZE_MAX), page_align, std::nothrow));
        assert_null(::operator new[](hide(SIZE_MAX), page_align, std::nothrow));
    }
}

int handler_calls;

void give_up_at_third_call() {
    if (++handler_calls == 3) {
        std::set_new_handler(nullptr);
    }
}

void throw_something_else() { throw std::runtime_error("the handler's own"); }

void throw_bad_alloc() { throw std::bad_alloc(); }

template <typename Take> int calls_until_it_gives_up(Take take) {
    handler_calls = 0;
    std::set_new_handler(give_up_at_third_call);
    throws_bad_alloc(take);
    std::set_new_handler(nullptr);
    return handler_calls;
}

void new_handler_is_called_until_there_is_none(void **) {
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new(hide(absurd)); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new[](hide(absurd)); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new(hide(absurd), line_align); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new[](hide(absurd), line_align); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new(hide(absurd), std::nothrow); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new[](hide(absurd), std::nothrow); }), 3);
    assert_int_equal(calls_until_it_gives_up([] { return ::operator new(hide(absurd), line_align, std::nothrow); }), 3);
}

void new_handler_is_not_called_without_need(void **) {
    handler_calls = 0;
    std::set_new_handler(give_up_at_third_call);
    ::operator delete(::operator new(hide(100)));
    std::set_new_handler(nullptr);
    assert_int_equal(handler_calls, 0);
}

void what_the_new_handler_throws_comes_through(void **) {
    bool caught = false;
    std::set_new_handler(throw_something_else);
    try {
        use(::operator new(hide(absurd)));
    } catch (const std::runtime_error &error) {
        caught = strcmp(error.what(), "the handler's own") == 0;
    }
    std::set_new_handler(nullptr);
    assert_true(caught);
}

void nothrow_new_turns_the_handlers_bad_alloc_into_null(void **) {
    std::set_new_handler(throw_bad_alloc);
    assert_null(::operator new(hide(absurd), std::nothrow));
    assert_null(::operator new[](hide(absurd), std::nothrow));
    assert_null(::operator new(hide(absurd), line_align, std::nothrow));
    assert_null(::operator new[](hide(absurd), line_align, std::nothrow));
    std::set_new_handler(nullptr);
}

/* ---- in use -------------------------------------------------------------------------------------------------- */

struct alignas(256) Wide {
    unsigned char bytes[700];
};

void expressions_and_containers_work(void **) {
    std::map<int, std::string> map;
    for (int i = 0; i < 20000; i++) {
        map[i * 7919 % 20011] = std::string(static_cast<size_t>(i % 300), static_cast<char>('a' + i % 26));
    }
    for (int i = 0; i < 20000; i++) {
        const std::string &text = map.at(i * 7919 % 20011);
        assert_int_equal(text.size(), i % 300);
        assert_true(text.empty() || text.back() == static_cast<char>('a' + i % 26));
    }
    std::vector<Wide *> wide;
    for (int i = 0; i < 1000; i++) {
        wide.push_back(new Wide());
        assert_int_equal(reinterpret_cast<uintptr_t>(wide.back()) % alignof(Wide), 0);
    }
    for (Wide *one : wide) {
        delete one;
    }
    Wide *array = new Wide[hide(10)];
    use(array);
    delete[] array;
}

} // namespace

int main() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_operators_are_in_one_library_with_malloc),
        cmocka_unit_test(plain_new_and_delete_pair),
        cmocka_unit_test(nothrow_new_and_delete_pair),
        cmocka_unit_test(aligned_new_and_delete_pair),
        cmocka_unit_test(aligned_nothrow_new_and_delete_pair),
        cmocka_unit_test(delete_of_null_is_ignored),
        cmocka_unit_test(failure_throws_bad_alloc),
        cmocka_unit_test(failure_without_throw_is_null),
        cmocka_unit_test(new_handler_is_called_until_there_is_none),
        cmocka_unit_test(new_handler_is_not_called_without_need),
        cmocka_unit_test(what_the_new_handler_throws_comes_through),
        cmocka_unit_test(nothrow_new_turns_the_handlers_bad_alloc_into_null),
        cmocka_unit_test(expressions_and_containers_work),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
