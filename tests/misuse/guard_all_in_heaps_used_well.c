// expect: exit 0
// options-debug: guard=all
/* Blocks on guarded pages count for their heap: against its budget, in its stats, in its walk, and until it ends. */
#include "misuse.h"

enum { BLOCK_BYTES = 1000, BUDGET_BYTES = 256 * KIB, BLOCKS_MAX = 1000, POOL_BYTES = 512 * KIB };

static bool count(void *block, size_t bytes, void *argument) {
    size_t *blocks = argument;
    require(block != NULL && bytes >= BLOCK_BYTES, "a block is as large as was asked for");
    (*blocks)++;
    return true;
}

static void use(struct cairn_heap *heap) {
    static void *blocks[BLOCKS_MAX];
    struct cairn_stats stats;
    size_t made = 0;
    size_t walked = 0;
    while (made < BLOCKS_MAX && (blocks[made] = cairn_heap_malloc(heap, BLOCK_BYTES)) != NULL) {
        memset(blocks[made++], 0x5a, BLOCK_BYTES);
    }
    require(errno == ENOMEM && made * BLOCK_BYTES <= BUDGET_BYTES + POOL_BYTES, "the budget holds within a pool");
    require(made * BLOCK_BYTES > BUDGET_BYTES / 2, "the budget is for the program's blocks");
    cairn_heap_stats_get(heap, &stats);
    require(stats.block_count == made && stats.peak_used_bytes >= made * BLOCK_BYTES, "the stats have them");
    cairn_heap_walk(heap, count, &walked);
    require(walked == made, "so has the walk");
    cairn_heap_free(heap, blocks[--made]);
    cairn_free(blocks[--made]);
    require(cairn_heap_malloc(heap, BLOCK_BYTES) != NULL, "what is freed makes room");
}

int main(void) {
    const struct cairn_heap_options options = {.budget_bytes = BUDGET_BYTES};
    for (int round = 0; round < 3; round++) {
        struct cairn_heap *heap = cairn_heap_create("a heap", &options);
        use(heap);
        cairn_heap_destroy(heap);
        require(cairn_check(), "the metadata are whole");
    }
    return 0;
}
