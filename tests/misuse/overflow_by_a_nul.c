// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 5 bytes at @ has 1 byte written past its end, at offset 5; found at free
/* The size lacks the one for the NUL. */
#include "misuse.h"

int main(void) {
    const char *name = "Grace";
    char *copy = aim(malloc(strlen(name)));
    strcpy(copy, name);
    free(copy);
    return 0;
}
