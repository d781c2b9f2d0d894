// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 200000 bytes at @ has 4 bytes written before its start, at offset -100; found at cairn_check
// options-debug: quarantine=0:protect_freed=0
#include "misuse.h"

/* The slots before a span were given back to the system. */
int main(void) {
    char *first = malloc(100000);
    char *block = malloc(200000);
    free(first);
    (void)malloc_trim(0);
    spoil((char *)aim(block) - 100, 4);
    (void)cairn_check();
    return 0;
}
