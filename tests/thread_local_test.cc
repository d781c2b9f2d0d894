/*
 * thread_local_test.cc: C++ objects that live as long as their thread, and allocate and free while it ends, when the
 * allocator's own state for the thread may already be given up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include <cmocka.h>
}

namespace {

std::atomic<int> destroyed{0};

/* Holds blocks; its end frees them and takes others. */
struct Holder {
    std::vector<std::string> texts;

    void grow() {
        for (size_t i = 0; i < 300; i++) {
            texts.emplace_back(i * 11, 'x');
        }
    }

    ~Holder() {
        for (size_t i = 0; i < texts.size(); i++) {
            if (texts[i].size() != i * 11) {
                abort();
            }
        }
        std::vector<std::unique_ptr<char[]>> more;
        for (size_t i = 1; i < 100; i++) {
            more.push_back(std::make_unique<char[]>(i * 1000));
            more.back()[i * 999] = 1;
        }
        texts.clear();
        destroyed++;
    }
};

thread_local Holder first;
thread_local std::unique_ptr<Holder> second;

/* Its destructor is the first use of another thread_local object, which is thus made while the thread ends. */
thread_local Holder late;

struct Waker {
    bool awake = false;
    ~Waker() { late.grow(); }
};

thread_local Waker waker;

void live_and_end() {
    first.grow();
    second = std::make_unique<Holder>();
    second->grow();
    waker.awake = true;
}

void run_threads(size_t count) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; i++) {
        threads.emplace_back(live_and_end);
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

void destructors_of_thread_local_objects_allocate_and_free(void **) {
    destroyed = 0;
    run_threads(1);
    assert_int_equal(destroyed, 3);
}

void so_they_do_in_many_threads_at_once(void **) {
    destroyed = 0;
    for (int round = 0; round < 8; round++) {
        run_threads(16);
    }
    assert_int_equal(destroyed, 8 * 16 * 3);
}

void blocks_outlive_the_thread_that_took_them(void **) {
    std::vector<std::unique_ptr<std::string>> texts(64);
    for (size_t i = 0; i < texts.size(); i++) {
        std::thread([&texts, i] { texts[i] = std::make_unique<std::string>(i * 500, 'y'); }).join();
    }
    for (size_t i = 0; i < texts.size(); i++) {
        assert_int_equal(texts[i]->size(), i * 500);
        assert_true(texts[i]->find_first_not_of('y') == std::string::npos);
    }
}

} // namespace

int main() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destructors_of_thread_local_objects_allocate_and_free),
        cmocka_unit_test(so_they_do_in_many_threads_at_once),
        cmocka_unit_test(blocks_outlive_the_thread_that_took_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
