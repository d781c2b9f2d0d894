// expect: size-mismatch: delete of @ with size 4096 bytes and alignment 64 bytes, which does not belong to its block of 128 bytes

#include "misuse.h"

int main() {
    void *block = aim(operator new(128, std::align_val_t(64)));
    operator delete(block, static_cast<std::size_t>(4096), std::align_val_t(64));
    return 0;
}
