// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    int status = 0;
    void *block = aim(malloc(64));
    free(block);
    pid_t child = fork();
    if (child == 0) {
        free(block);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        raise(WTERMSIG(status));
    }
    return 0;
}
