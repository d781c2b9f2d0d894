// expect: exit 0
// expect-debug: heap-use-after-free: block of 2000 bytes at 0x[0-9a-f]+ has 2000 bytes written after it was freed, at offset 0; found at exit
// options-debug: protect_pools=0
/* What calloc takes for still clear must not depend on what the program wrote into free blocks. */
#include "misuse.h"

int main(void) {
    enum { COUNT = 5000, SIZE = 2000 };
    void **blocks = many_blocks(COUNT, SIZE);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 100 != 0) {
            free(blocks[i]);
            memset(blocks[i], 0x41, SIZE);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        unsigned char *clear = calloc(1, SIZE);
        for (size_t j = 0; j < SIZE; j++) {
            require(clear[j] == 0, "calloc gives zeros, whatever was written after free");
        }
    }
    return 0;
}
