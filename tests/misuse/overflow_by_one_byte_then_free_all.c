// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 48 bytes at 0x[0-9a-f]+ has [0-9]+ bytes? written past its end, at offset -?[0-9]+; found at free
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(10000, 48);
    for (size_t i = 0; i < 9999; i++) {
        *(char *)at(blocks[i], (ptrdiff_t)malloc_usable_size(blocks[i])) = 0;
    }
    for (size_t i = 0; i < 10000; i++) {
        free(blocks[i]);
    }
    exercise();
    require(cairn_check(), "the metadata are whole");
    return 0;
}
