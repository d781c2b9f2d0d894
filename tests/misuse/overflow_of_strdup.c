// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 6 bytes at @ has 1 byte written past its end, at offset 6; found at free
#include "misuse.h"

int main(void) {
    char *block = aim(strdup("Grace"));
    spoil(block + 6, 1);
    free(block);
    return 0;
}
