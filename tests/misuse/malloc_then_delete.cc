// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: delete of @, a block that was allocated by malloc
#include "misuse.h"

int main(void) {
    operator delete(aim(malloc(24)));
    return 0;
}
