// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 72 bytes written past its end, at offset 24; found at free
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(24));
    char *freed = malloc(24);
    char *behind = malloc(24);
    free(freed);
    spoil(block + 24, 72);
    free(behind);
    free(block);
    return 0;
}
