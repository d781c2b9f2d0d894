// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at 0x[0-9a-f]+ has 1 byte written past its end, at offset 24; found at free
#include "misuse.h"

int main(void) {
    for (int i = 0; i < 100; i++) { /* half of the time it is set already */
        char *block = malloc(24);
        block[24] |= 1;
        free(block);
    }
    return 0;
}
