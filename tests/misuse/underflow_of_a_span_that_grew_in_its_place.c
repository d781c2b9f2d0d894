// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 1010000 bytes at @ has 1 byte written before its start, at offset -3; found at realloc
#include "misuse.h"

int main(void) {
    char *first = malloc(1000000); /* so that nobody's bytes but its own are hit in the release form */
    char *block = realloc(malloc(1000000), 1010000);
    require(first != block, "both are there");
    spoil((char *)aim(block) - 3, 1);
    (void)!realloc(block, 1020000);
    return 0;
}
