// expect: size-mismatch: delete of @ with size 900 bytes, which does not belong to its block of 1024 bytes
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(1024, std::align_val_t(16))), 900, std::align_val_t(16));
    return 0;
}
