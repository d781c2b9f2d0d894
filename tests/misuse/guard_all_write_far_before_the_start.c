// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 16 bytes at @ has 1 byte written before its start, at offset -3000; found at free
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(16));
    if (getenv("CAIRN_OPTIONS") != NULL) { /* else what lies there is anybody's */
        spoil(block - 3000, 1);
    }
    free(block);
    return 0;
}
