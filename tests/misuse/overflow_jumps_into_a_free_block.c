// expect: exit 0
// expect-debug: heap-(buffer-overflow|use-after-free): block of 200 bytes at 0x[0-9a-f]+ has 4 bytes written (past its end|after it was freed), at offset [0-9]+; found at cairn_check
/* From its bytes alone it may as well have been written after the free. */
#include "misuse.h"

int main(void) {
    unsigned char *blocks[] = {malloc(200), malloc(200), malloc(200)};
    free(blocks[1]);
    spoil(blocks[0] + 300, 4);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
