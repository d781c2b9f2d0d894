// expect: exit 0
// expect-debug: invalid-alignment: delete of @ with alignment 32 bytes, a block that was allocated with one of 16 bytes
#include <new>

#include "misuse.h"

int main() {
    char *block = static_cast<char *>(operator new(20));
    for (int i = 0; i < 64 && reinterpret_cast<uintptr_t>(block) % 32 != 0; i++) {
        block = static_cast<char *>(operator new(20));
    }
    operator delete (aim(block), std::align_val_t{32});
    return 0;
}
