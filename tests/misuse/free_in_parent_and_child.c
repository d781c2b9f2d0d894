// expect: exit 0
/* After fork the block is there twice, and each may be freed once. */
#include "misuse.h"

int main(void) {
    void *block = malloc(64);
    int status = 0;
    pid_t child = fork();
    free(block);
    if (child == 0) {
        exercise();
        _exit(cairn_check() ? 0 : 1);
    }
    waitpid(child, &status, 0);
    require(status == 0, "the child ends well");
    return 0;
}
