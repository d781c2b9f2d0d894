// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: delete\[\] of @, a block that was allocated by new
#include "misuse.h"

int main(void) {
    delete[] static_cast<int *>(aim(new int));
    return 0;
}
