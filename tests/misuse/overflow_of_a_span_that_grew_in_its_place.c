// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 1100000 bytes at @ has 1 byte written past its end, at offset 1100000; found at exit
#include "misuse.h"

int main(void) {
    char *block = malloc(1000000);
    for (size_t size = 1000000; size <= 1100000; size += 10000) {
        block = realloc(block, size);
        memset(block, 1, size);
    }
    spoil((char *)aim(block) + 1100000, 1);
    return 0;
}
