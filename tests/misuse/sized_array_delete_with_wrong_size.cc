// expect: size-mismatch: delete\[\] of @ with size 100 bytes, which does not belong to its block of 1024 bytes
// expect-debug: size-mismatch: delete\[\] of @ with size 100 bytes, which does not belong to its block of 1000 bytes
#include <new>

#include "misuse.h"

int main() {
    operator delete[](aim(operator new[](1000)), static_cast<std::size_t>(100));
    return 0;
}
