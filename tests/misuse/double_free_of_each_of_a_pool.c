// expect: exit 0
/* Every block of several pools is freed, and each second free is refused, wherever the block lies by then. */
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(300, 1000);
    for (size_t i = 0; i < 300; i++) {
        free(blocks[i]);
    }
    for (size_t i = 0; i < 300; i++) {
        require_refusal(blocks[i]);
    }
    return 0;
}
