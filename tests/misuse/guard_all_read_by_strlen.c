// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 16 bytes at @, at offset 16
// options-debug: guard=all
/* The text has no NUL. */
#include "misuse.h"

int main(void) {
    char *text = aim(malloc(16));
    memset(text, 'x', 16);
    volatile size_t length = strlen(text);
    (void)length;
    return 0;
}
