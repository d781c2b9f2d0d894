// expect: SIGABRT
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at abort
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(40));
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        spoil(block + 40, 1);
        abort();
    }
    require(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "it aborts");
    (void)raise(SIGABRT); /* here the block is whole */
}
