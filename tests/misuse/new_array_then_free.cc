// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: free of @, a block that was allocated by new\[\]
#include "misuse.h"

int main(void) {
    free(aim(new int[6]));
    return 0;
}
