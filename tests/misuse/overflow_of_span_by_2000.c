// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 300000 bytes at @ has 2000 bytes written past its end, at offset 300000; found at cairn_check
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(300000));
    spoil(block + 300000, 2000);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
