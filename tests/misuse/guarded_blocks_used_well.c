// expect: exit 0
/* Guarded blocks keep what is written into them, through realloc too, and are usable to their size. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    char *blocks[100];
    for (int i = 0; i < 100; i++) {
        blocks[i] = malloc(1 + i * 50);
        memset(blocks[i], i, 1 + i * 50);
        require(malloc_usable_size(blocks[i]) >= (size_t)(1 + i * 50), "it is as large as was asked for");
    }
    for (int i = 0; i < 100; i++) {
        blocks[i] = realloc(blocks[i], 5000);
        require(blocks[i] != NULL && blocks[i][0] == i && blocks[i][i * 50] == i, "it keeps its contents");
        free(blocks[i]);
    }
    require(cairn_check(), "all is in order");
    exercise();
    return 0;
}
