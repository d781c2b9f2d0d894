// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 30 bytes written past its end, at offset 24; found at malloc
// options-debug: quarantine=0
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(24));
    char *freed = malloc(24);
    free(freed);
    spoil(block + 24, 30);
    for (int i = 0; i < 2000; i++) {
        malloc(24);
    }
    return 0;
}
