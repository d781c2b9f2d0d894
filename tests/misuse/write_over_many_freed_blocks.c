// expect: exit 0
// expect-debug: heap-use-after-free: block of 200 bytes at 0x[0-9a-f]+ has 200 bytes written after it was freed, at offset 0; found at cairn_check
#include "misuse.h"

int main(void) {
    enum { COUNT = 20000, SIZE = 200 };
    void **blocks = many_blocks(COUNT, SIZE);
    for (size_t i = 1; i < COUNT; i += 2) {
        free(blocks[i]);
    }
    for (size_t i = 1; i < COUNT; i += 2) {
        memset(blocks[i], 0xff, SIZE);
    }
    exercise();
    for (size_t i = 0; i < COUNT; i += 2) {
        free(blocks[i]);
    }
    exercise();
    require(cairn_check(), "the metadata are whole");
    return 0;
}
