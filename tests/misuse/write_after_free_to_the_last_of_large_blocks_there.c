// expect: exit 0
// expect-debug: heap-use-after-free: block of 230000 bytes at @ has 1 byte written after it was freed, at offset [0-9]+; found at cairn_check
// options-debug: quarantine=0
#include "misuse.h"

static void *kept; /* so that the memory around is the heap's */

/* A larger block comes where two were; a pointer to it writes to where the second began. */
int main(void) {
    kept = malloc(100);
    char *one = malloc(100000);
    char *other = malloc(100000);
    uintptr_t high = (uintptr_t)(one < other ? other : one);
    free(one);
    free(other);
    volatile char *block = aim(malloc(230000));
    free((char *)block);
    (void)malloc_trim(0);
    block[high - (uintptr_t)block + 30000] = 1;
    (void)cairn_check();
    return 0;
}
