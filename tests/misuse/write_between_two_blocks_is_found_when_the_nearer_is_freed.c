// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 12 bytes at @ has 4 bytes written past its end, at offset 16; found at free
#include "misuse.h"

/* When the block behind is freed, this one is not live any more. */
int main(void) {
    unsigned *numbers = aim(malloc(12));
    unsigned *behind = malloc(12);
    numbers[4] = 0;
    free(numbers);
    free(behind);
    return 0;
}
