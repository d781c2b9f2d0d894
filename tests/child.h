/*
 * child.h: runs a function in a forked child under an alarm, and brings back how it ended and what it wrote on
 * standard error. For what must abort, and for what must not hang.
 */
#ifndef CAIRN_TESTS_CHILD_H
#define CAIRN_TESTS_CHILD_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support.h"

struct child_end {
    int status;       /* as waitpid gave it */
    char text[16384]; /* the beginning of standard error */
};

static inline bool child_succeeded(const struct child_end *end) {
    return WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0;
}

static inline bool child_aborted_saying(const struct child_end *end, const char *words) {
    return WIFSIGNALED(end->status) && WTERMSIG(end->status) == SIGABRT && strstr(end->text, words) != NULL;
}

static inline void child_main(int error_fd, unsigned seconds, void (*run)(void *), void *argument) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    dup2(error_fd, STDERR_FILENO);
    alarm(seconds);
    run(argument);
    _exit(0);
}

/* The child is killed by SIGALRM after `seconds`. It succeeds by returning. */
static inline struct child_end run_in_child(void (*run)(void *), void *argument, unsigned seconds) {
    struct child_end end = {0};
    int ends[2];
    MUST(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        close(ends[0]);
        child_main(ends[1], seconds, run, argument);
    }
    close(ends[1]);
    size_t length = 0;
    char rest[512];
    for (ssize_t got = 1; got > 0; length += length + 1 < sizeof end.text ? (size_t)got : 0) {
        bool room = length + 1 < sizeof end.text;
        got = room ? read(ends[0], end.text + length, sizeof end.text - 1 - length) : read(ends[0], rest, sizeof rest);
    }
    close(ends[0]);
    MUST(waitpid(child, &end.status, 0) == child);
    return end;
}

static inline void expect_success(const struct child_end *end) {
    if (!child_succeeded(end)) {
        fail_msg("child ended with status 0x%x and said: %s", (unsigned)end->status, end->text);
    }
}

static inline void expect_abort(const struct child_end *end, const char *words) {
    if (!child_aborted_saying(end, words)) {
        fail_msg("child ended with status 0x%x, not in an abort that says \"%s\"; it said: %s", (unsigned)end->status,
                 words, end->text);
    }
}

#endif
