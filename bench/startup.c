/*
 * startup.c: what starting and ending a program costs under each preload.
 *
 *   startup ROUNDS PROGRAM PRELOAD...     PRELOAD is a shared object, or "-" for none
 *
 * Each round starts the program once under each preload in turn. For each start it prints a line: the preload's
 * number, the wall time from posix_spawn() to the end of wait4() in nanoseconds, and the peak resident memory in KiB.
 * This program is linked statically and takes no memory, because the kernel counts a child's peak from what its parent
 * had resident when it was spawned; it says so and fails if it is not the smaller one.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { PATH_LIMIT = 4096 };

static void program_start(char *program, const char *preload, int number) {
    static char variable[PATH_LIMIT + 16];
    char *arguments[] = {program, NULL};
    char *environment[] = {NULL, NULL};
    if (strcmp(preload, "-") != 0) {
        snprintf(variable, sizeof variable, "LD_PRELOAD=%s", preload);
        environment[0] = variable;
    }
    pid_t pid = 0;
    int status = 0;
    struct rusage usage;
    uint64_t began_ns = now_ns();
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environment) != 0 || wait4(pid, &status, 0, &usage) != pid) {
        fail("the program cannot be started");
    }
    uint64_t ended_ns = now_ns();
    if (status != 0) {
        fail("the program failed");
    }
    if ((uint64_t)usage.ru_maxrss <= proc_kib("/proc/self/status", "VmHWM:")) {
        fail("the program's resident memory cannot be told from this one's");
    }
    printf("%d %llu %ld\n", number, (unsigned long long)(ended_ns - began_ns), usage.ru_maxrss);
}

int main(int argc, char **argv) {
    static char buffer[1 << 16];
    if (argc < 4) {
        fputs("usage: startup ROUNDS PROGRAM PRELOAD...\n", stderr);
        return 2;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    long rounds = strtol(argv[1], NULL, 10);
    for (long round = 0; round < rounds; round++) {
        for (int i = 3; i < argc; i++) {
            program_start(argv[2], argv[i], i - 3);
        }
    }
    return 0;
}
