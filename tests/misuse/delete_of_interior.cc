// expect: bad-free: delete of @, which is not the start of a live block: it lies 16 bytes inside a block of 112 bytes
// expect-debug: bad-free: delete of @, which is not the start of a live block: it lies 16 bytes inside a block of 100 bytes
#include "misuse.h"

int main() {
    operator delete(aim(at(operator new(100), 16)));
    return 0;
}
