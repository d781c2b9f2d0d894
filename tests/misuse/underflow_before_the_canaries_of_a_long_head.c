// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 100 bytes at @ has 1 byte written before its start, at offset -5000; found at exit
#include "misuse.h"

int main(void) {
    char *first = aligned_alloc(8192, 100); /* so that nobody else's bytes are hit in the release form */
    char *block = aim(aligned_alloc(8192, 100));
    require(first != block, "both are there");
    spoil(block - 5000, 1);
    return 0;
}
