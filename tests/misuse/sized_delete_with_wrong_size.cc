// expect: size-mismatch: delete of @ with size 1000 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: delete of @ with size 1000 bytes, which does not belong to its block of 100 bytes
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(100)), static_cast<std::size_t>(1000));
    return 0;
}
