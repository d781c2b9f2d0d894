// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at 0x[0-9a-f]+ has 64 bytes written after it was freed, at offset 0; found at cairn_check
// options-debug: protect_pools=0
#include "misuse.h"

enum { COUNT = 5000 };

static void free_and_trample(void *argument) {
    void **blocks = argument;
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
        memset(blocks[i], 0x41, 64);
    }
}

int main(void) {
    in_thread(free_and_trample, many_blocks(COUNT, 64));
    exercise();
    require(cairn_check(), "the metadata are whole");
    return 0;
}
