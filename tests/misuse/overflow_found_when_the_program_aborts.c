// expect: SIGABRT
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at abort
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(40));
    spoil(block + 40, 1);
    abort();
}
