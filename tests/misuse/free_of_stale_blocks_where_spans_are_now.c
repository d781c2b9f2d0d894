// expect: exit 0
/* The pools are gone and spans lie there, some of them freed too: each stale pointer is refused, whatever the slot last
 * was part of. */
#include "misuse.h"

enum { BLOCKS = 64, SPANS = 16 };

static void refuse_all(size_t block_bytes) {
    void *spans[SPANS];
    void **blocks = many_blocks(BLOCKS, block_bytes);
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    malloc_trim(0);
    for (size_t i = 0; i < SPANS; i++) {
        spans[i] = malloc(66000 + 65536 * (i % 3));
    }
    for (size_t i = 1; i < SPANS; i += 2) {
        free(spans[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        bool is_live = false;
        for (size_t j = 0; j < SPANS; j += 2) {
            is_live = is_live || spans[j] == blocks[i];
        }
        if (!is_live) {
            require_refusal(blocks[i]);
        }
    }
    for (size_t i = 0; i < SPANS; i += 2) {
        free(spans[i]);
    }
    free(blocks);
}

int main(void) {
    refuse_all(60000);
    refuse_all(40000);
    refuse_all(9000);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
