// expect: double-free: free of @, which is already free
/* A child frees what its parent has freed. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    void *block = aim(malloc(100));
    free(block);
    if (fork() == 0) {
        free(block);
    } else {
        int status = 0;
        wait(&status);
        raise(WTERMSIG(status));
    }
    return 0;
}
