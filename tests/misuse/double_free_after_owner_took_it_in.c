// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(100, 64);
    in_thread(free, aim(blocks[50]));
    malloc_trim(0);
    in_thread(free, blocks[50]);
    return 0;
}
