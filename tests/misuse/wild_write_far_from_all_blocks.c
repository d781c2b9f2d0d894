// expect: exit 0
// expect-debug: heap-buffer-overflow: memory of the heap that belongs to no block has 8 bytes written, at @; found at exit
#include "misuse.h"

int main(void) {
    char *block = malloc(40);
    char *wild = (char *)(((uintptr_t)block & ~(uintptr_t)(4 * MIB - 1)) + 3 * MIB + 80); // far into the same arena
    spoil(aim(wild), 8);
    return 0;
}
