// expect: exit 0
// expect-debug: invalid-alignment: delete of @ with alignment 32 bytes, a block that was allocated with one of 64 bytes
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(64, std::align_val_t(64))), std::align_val_t(32));
    return 0;
}
