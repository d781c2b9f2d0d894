// expect: bad-free: free of @, which is not the start of a live block: it lies 96 bytes inside a block of 112 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 16 bytes before a block of 112 bytes
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(1000, 112);
    free(aim(at(blocks[500], -16)));
    return 0;
}
