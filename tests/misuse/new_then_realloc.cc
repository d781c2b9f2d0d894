// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: realloc of @, a block that was allocated by new
#include "misuse.h"

int main(void) {
    free(realloc(aim(new int), 100));
    return 0;
}
