// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: delete of @, a block that was allocated by aligned_alloc
#include "misuse.h"

int main(void) {
    operator delete(aim(aligned_alloc(64, 64)));
    return 0;
}
