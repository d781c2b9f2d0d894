// expect: exit 0
// expect-debug: exit 0
// options-debug: fail_rate=1/4:seed=1
#include "misuse.h"
#include <new>

static int failures_of_new() {
    int failures = 0;
    for (int i = 0; i < 400; i++) {
        try {
            delete new int;
            delete[] new char[100];
        } catch (const std::bad_alloc &) {
            failures++;
        }
    }
    return failures;
}

int main() {
    int failures = failures_of_new();
    bool is_to_fail = getenv("CAIRN_OPTIONS") != NULL; /* of the debug form */
    require(is_to_fail ? failures > 100 && failures < 250 : failures == 0, "a quarter of all calls fails");
    return 0;
}
