// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 8 bytes at @ has 6 bytes written past its end, at offset 8; found at free
#include "misuse.h"

/* Canaries are odd, and the text ends evenly: its last byte never happens to be the canary that was there. */
int main(void) {
    char *copy = aim(malloc(8));
    memcpy(copy, "14 bytes, tall", 14);
    free(copy);
    return 0;
}
