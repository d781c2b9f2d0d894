// expect: exit 0
#include <new>

#include "misuse.h"

int main() {
    volatile std::size_t count = SIZE_MAX / 8 + 2;
    try {
        require(new long[count] == nullptr, "not reached");
    } catch (const std::bad_alloc &) {
        return 0;
    }
    return 1;
}
