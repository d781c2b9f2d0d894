// expect: exit 0
#include "misuse.h"
#include <fcntl.h>

static pid_t child = -1;

static enum cairn_verdict fork_once(const struct cairn_report *report, void *argument) {
    (void)report;
    (void)argument;
    child = child < 0 ? fork() : child;
    return CAIRN_GO_ON;
}

/* Both go on with the look, and from there. */
int main(void) {
    int status = 0;
    void *large = malloc(2 * MIB);
    char *block = malloc(24);
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    if (!cairn_set_report_callback(fork_once, NULL)) {
        return 0; /* the release form finds nothing */
    }
    spoil(at(block, 24), 1);
    (void)cairn_check();
    large = realloc(large, 8 * MIB);
    require(large != NULL && child >= 0, "there is memory, and a child");
    (void)cairn_check();
    if (child == 0) {
        _exit(0);
    }
    require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends");
    _exit(0);
}
