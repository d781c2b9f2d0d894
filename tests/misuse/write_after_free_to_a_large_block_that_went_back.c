// expect: exit 0
// expect-debug: heap-use-after-free: block of 100000 bytes at @ has 1 byte written after it was freed, at offset 10; found at exit
// options-debug: quarantine=0
#include "misuse.h"

enum { COUNT = 400, WATCHED = 60 };

static char *blocks[COUNT];

int main(void) {
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = malloc(100000);
    }
    for (int i = 0; i < COUNT; i++) {
        if (i % 40 != 0) {
            free(blocks[i]);
        }
    }
    ((volatile char *)aim(blocks[WATCHED]))[10] = 1;
    return 0;
}
