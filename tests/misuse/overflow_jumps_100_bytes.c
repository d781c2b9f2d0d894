// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 200 bytes at @ has 4 bytes written past its end, at offset 300; found at cairn_check
/* The write leaves the bytes right behind the block as they are. */
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(200));
    spoil(block + 300, 4);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
