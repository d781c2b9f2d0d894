// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 131055 bytes at @ has 1 byte written past its end, at offset 131311; found at free
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(131055));
    spoil(block + 131055 + 256, 1);
    free(block);
    return 0;
}
