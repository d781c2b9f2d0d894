// expect: exit 0
// expect-debug: heap-buffer-overflow: memory of the heap that belongs to no block has 8 bytes written, at @; found at exit
#include "misuse.h"

int main(void) {
    char *block = malloc(40);
    spoil(aim((char *)(((uintptr_t)block & ~(uintptr_t)(64 * KIB - 1)) + 40 * KIB)), 8);
    return 0;
}
