// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at 0x[0-9a-f]+ has 64 bytes written after it was freed, at offset 0; found at cairn_check
// options-debug: protect_pools=0
/* A freed block holds nothing of the allocator's, so that writing over it steers nothing. */
#include "misuse.h"

int main(void) {
    unsigned char *block = malloc(64);
    free(block);
    memset(block, 0x41, 64);
    void **blocks = many_blocks(100000, 64);
    for (size_t i = 0; i < 100000; i++) {
        free(blocks[i]);
    }
    exercise();
    require(cairn_check(), "the metadata are whole");
    return 0;
}
