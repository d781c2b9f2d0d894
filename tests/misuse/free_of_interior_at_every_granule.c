// expect: exit 0
/* In a child for each offset, so that one program sees them all. */
#include "misuse.h"

int main(void) {
    void *block = malloc(1000);
    for (ptrdiff_t offset = 16; offset < 1000; offset += 16) {
        require_refusal(at(block, offset));
    }
    return 0;
}
