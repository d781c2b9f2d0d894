// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 32 bytes at @, at offset 32
// options-debug: guard=all
#include "misuse.h"

static void look(void *block) { (void)((volatile char *)block)[32]; }

int main(void) {
    in_thread(look, aim(malloc(32)));
    return 0;
}
