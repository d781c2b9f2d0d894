// expect: exit 0
// expect-debug: heap-use-after-free: block of 100 bytes at @ has 1 byte written after it was freed, at offset 5; found at exit
#include "misuse.h"

int main(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        char *block = aim(malloc(100));
        free(block);
        spoil(block + 5, 1);
        return 0;
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
