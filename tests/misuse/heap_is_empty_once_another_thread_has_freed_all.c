// expect: exit 0
#include "misuse.h"

enum { BLOCKS = 100, BYTES = 1000 };

static struct cairn_heap *heap;

static void *free_all(void *blocks) {
    for (int i = 0; i < BLOCKS; i++) {
        cairn_heap_free(heap, ((char **)blocks)[i]);
    }
    return blocks;
}

/* Fills the heap; how many blocks that took. */
static int fill(char **blocks) {
    int count = 0;
    while (count < BLOCKS && (blocks[count] = cairn_heap_malloc(heap, BYTES)) != NULL) {
        count++;
    }
    return count;
}

/* What waits in quarantine takes nobody's budget. */
int main(void) {
    static char *blocks[BLOCKS];
    struct cairn_heap_options options = {.budget_bytes = 256 << 10};
    pthread_t thread;
    heap = cairn_heap_create("small", &options);
    if (fill(blocks) < BLOCKS) {
        return 1;
    }
    pthread_create(&thread, NULL, free_all, blocks);
    pthread_join(thread, NULL);
    return fill(blocks) < BLOCKS ? 2 : 0;
}
