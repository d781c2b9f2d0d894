// expect: exit 0
// expect-debug: heap-use-after-free: write in a freed block of 100 bytes at @, at offset 20
#include "misuse.h"

enum { COUNT = 4000, FROM = COUNT / 4, PAGE = 4096, SLOT = 65536 };

static char *blocks[COUNT];

static int is_on_last_page(const char *block) { return (uintptr_t)block % SLOT / PAGE == SLOT / PAGE - 1; }

int main(void) {
    int on_last_page = FROM;
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = malloc(100);
    }
    while (!is_on_last_page(blocks[on_last_page])) {
        on_last_page++;
    }
    volatile char *block = aim(blocks[on_last_page]);
    for (int i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    block[20] = 1;
    return 0;
}
