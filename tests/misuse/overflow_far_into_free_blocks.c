// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 300 bytes written past its end, at offset 40; found at free
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(40));
    spoil(block + 40, 300);
    free(block);
    return 0;
}
