// expect: exit 0
// expect-debug: exit 0
#include "misuse.h"

enum { SEARCHES = 30, LARGE = 4 * MIB };

static void **volatile pointers;
static volatile bool is_over;

static void *resize(void *unused) {
    for (int i = 0; !is_over; i++) {
        pointers = realloc(pointers, i % 2 == 0 ? LARGE + LARGE / 4 : LARGE);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    pointers = calloc(1, LARGE);
    pointers[0] = malloc(333);
    pthread_create(&thread, NULL, resize, NULL);
    for (int i = 0; i < SEARCHES; i++) {
        require(cairn_leaks() == 0, "all blocks can be reached");
    }
    is_over = true;
    pthread_join(thread, NULL);
    return 0;
}
