// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 100 bytes at @ has 8092 bytes written past its end, at offset 100; found at exit
#include "misuse.h"

int main(void) {
    char *block = aim(aligned_alloc(8192, 100));
    char *next = aligned_alloc(8192, 100);
    spoil(block + 100, next - 8192 > block + 100 ? next - 8192 - (block + 100) : 1);
    return 0;
}
