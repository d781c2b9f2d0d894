// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(1000, 112);
    free(aim(at(blocks[500], -16)));
    return 0;
}
