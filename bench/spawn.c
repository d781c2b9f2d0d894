/*
 * spawn.c: runs a program under a preload and says what it took.
 *
 *   spawn RESULT PRELOAD PROGRAM [ARGUMENT...]     PRELOAD is a shared object, or "-" for none
 *
 * The program has this one's standard streams and environment, and LD_PRELOAD. When it has ended, the file RESULT holds
 * as JSON its wall time from posix_spawn() to the end of wait4(), its processor time, the peak of its resident memory
 * (the largest one, if it has started others), and its exit status as a shell gives it.
 *
 * This program is linked statically and takes no memory, because the kernel counts a child's peak from what its parent
 * had resident when it was spawned.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNAL_STATUS = 128 };

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static void result_write(const char *path, uint64_t wall_ns, const struct rusage *usage, int status) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fail("the result cannot be written");
    }
    fprintf(file, "{\"ns\":%" PRIu64 ",\"user_s\":%.6f,\"system_s\":%.6f,\"peak_kib\":%ld,\"status\":%d}\n", wall_ns,
            seconds_of(usage->ru_utime), seconds_of(usage->ru_stime), usage->ru_maxrss, status);
    if (fclose(file) != 0) {
        fail("the result cannot be written");
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fputs("usage: spawn RESULT PRELOAD PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    if (strcmp(argv[2], "-") == 0) {
        unsetenv("LD_PRELOAD");
    } else {
        setenv("LD_PRELOAD", argv[2], 1);
    }
    pid_t pid = 0;
    int status = 0;
    struct rusage usage;
    uint64_t began_ns = now_ns();
    int error = posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ);
    if (error != 0) {
        fprintf(stderr, "spawn: %s: %s\n", argv[3], strerror(error));
        return 1;
    }
    while (wait4(pid, &status, 0, &usage) != pid) {
        if (errno != EINTR) {
            fail("the program cannot be waited for");
        }
    }
    result_write(argv[1], now_ns() - began_ns, &usage,
                 WIFSIGNALED(status) ? SIGNAL_STATUS + WTERMSIG(status) : WEXITSTATUS(status));
    return 0;
}
