// expect: exit 0
// expect-debug: alloc-dealloc-mismatch: delete of @, a block that was allocated by calloc
#include "misuse.h"

int main(void) {
    operator delete(aim(calloc(3, 8)));
    return 0;
}
