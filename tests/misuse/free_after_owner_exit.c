// expect: exit 0
#include "misuse.h"

enum { COUNT = 10000 };
static void *blocks[COUNT];

static void allocate_all(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = malloc(i % 700);
    }
}

static void free_every_second(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i += 2) {
        free(blocks[i]);
    }
}

int main(void) {
    in_thread(allocate_all, NULL);
    in_thread(free_every_second, NULL);
    for (size_t i = 1; i < COUNT; i += 2) {
        free(blocks[i]);
    }
    require(cairn_check(), "the metadata are whole");
    return 0;
}
