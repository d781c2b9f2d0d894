// expect: size-mismatch: delete of @ with size 1780 bytes, which does not belong to its block of 2048 bytes
// expect-debug: size-mismatch: delete of @ with size 1780 bytes, which does not belong to its block of 2000 bytes
/* realloc would keep such a size where it is; but nothing comes between new and delete. */
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(2000)), static_cast<std::size_t>(1780));
    return 0;
}
