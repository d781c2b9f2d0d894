// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: delete of @, a block that was allocated by new\[\]
#include "misuse.h"

int main(void) {
    operator delete(aim(new int[6]));
    return 0;
}
