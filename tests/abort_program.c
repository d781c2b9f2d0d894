/*
 * abort_program.c: ends by SIGABRT in the way that its first argument names: `abort`, `assert`, or `nameless`, an
 * assertion in no function. With a second argument it overflows two blocks before; `handled` has it handle the signal,
 * and say so, `again` abort anew in its handler; `blocked` is as `handled`, without an overflow and with all signals blocked.
 */
#define _GNU_SOURCE
#undef NDEBUG
#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(int number) {
    (void)number;
    static const char text[] = "handled\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

static void abort_again(int number) {
    say(number);
    abort();
}

static void overflow(void) {
    volatile size_t size = 20; /* the compiler must not know */
    volatile char *block = malloc(size);
    block[size] = 1;
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "abort";
    const char *what = count > 2 ? arguments[2] : "";
    bool is_blocked = strcmp(what, "blocked") == 0;
    if (*what != '\0' && !is_blocked) {
        overflow();
        overflow();
    }
    if (is_blocked) {
        sigset_t all;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
    }
    if (is_blocked || strcmp(what, "handled") == 0) {
        (void)signal(SIGABRT, say);
    } else if (strcmp(what, "again") == 0) {
        (void)signal(SIGABRT, abort_again);
    }
    if (strcmp(how, "nameless") == 0) {
        __assert_fail("1 > 2", "some/file.c", 7, NULL);
    }
    assert(strcmp(how, "assert") != 0);
    abort();
}
