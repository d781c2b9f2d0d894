// expect: exit 0
#include "misuse.h"

static volatile bool is_over;

/* Pages of blocks are exchanged. */
static void *grow_and_shrink(void *argument) {
    char *block = malloc(2 << 20);
    for (int i = 0; i < 60; i++) {
        block = realloc(block, i % 2 == 0 ? 3 << 20 : 2 << 20);
    }
    free(block);
    is_over = true;
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, grow_and_shrink, NULL);
    while (!is_over) {
        cairn_check();
    }
    pthread_join(thread, NULL);
    return 0;
}
