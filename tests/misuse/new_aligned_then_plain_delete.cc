// expect: exit 0
// expect-debug: invalid-alignment: delete of @ without an alignment, a block that was allocated with one of 64 bytes
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(64, std::align_val_t(64))));
    return 0;
}
