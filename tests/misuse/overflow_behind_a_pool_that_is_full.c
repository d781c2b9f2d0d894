// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 8 bytes written past its end, at offset 140; found at exit
#include "misuse.h"

/* Takes blocks until one is the last of its pool, behind which nobody has anything. */
int main(void) {
    enum { BLOCKS = 4096, SLOT_BYTES = 64 * KIB };
    char *last = NULL;
    for (int i = 0; i < BLOCKS && last == NULL; i++) {
        char *block = malloc(40);
        last = ((uintptr_t)block + 48) % SLOT_BYTES == 0 ? block : NULL;
    }
    if (last != NULL) { /* in the release form, whose blocks are 48 bytes, none is */
        spoil((char *)aim(last) + 140, 8);
    }
    return 0;
}
