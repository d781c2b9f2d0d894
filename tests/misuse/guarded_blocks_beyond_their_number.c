// expect: exit 0
/* Where guarded blocks have run out, others serve. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    void **blocks = many_blocks(100000, 100);
    for (int i = 0; i < 100000; i++) {
        memset(blocks[i], 1, 100);
        free(blocks[i]);
    }
    require(cairn_check(), "all is in order");
    return 0;
}
