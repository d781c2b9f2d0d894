// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at free
/* The child finds it as well as its parent. */
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(24));
    spoil(block + 24, 1);
    int status = 0;
    if (fork() == 0) {
        close(STDERR_FILENO);
        free(block);
        _exit(0);
    }
    wait(&status);
    free(block);
    return 0;
}
