/*
 * sandbox.c: shuts itself off from all system calls but those that sandboxes let malloc make, as OpenSSH's do, and is ended
 * for any other; then takes and frees blocks of all sizes.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/hazards/say.h"

#define ALLOWED(name)                                                                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void enter(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOWED(brk),
        ALLOWED(clock_gettime),
        ALLOWED(exit_group),
        ALLOWED(futex),
        ALLOWED(getpid),
        ALLOWED(gettid),
        ALLOWED(madvise),
        ALLOWED(mmap),
        ALLOWED(mprotect),
        ALLOWED(mremap),
        ALLOWED(munmap),
        ALLOWED(rt_sigprocmask),
        ALLOWED(write),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no sandbox");
    require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "no sandbox");
}

static void replace_many(void) {
    enum { KEPT = 64, TURNS = 20000, MOST_BYTES = 70000 };
    static void *kept[KEPT];
    unsigned random = 1;
    for (unsigned i = 0; i < TURNS; i++) {
        random = random * 1103515245 + 12345;
        void **place = &kept[(random >> 16) % KEPT];
        free(*place);
        *place = malloc(1 + (random >> 8) % MOST_BYTES);
        require(*place != NULL, "no memory in the sandbox");
        *(volatile char *)*place = 1;
    }
}

/* Twice: the second one has what the first one has used. */
static void clear_large(size_t size) {
    for (unsigned i = 0; i < 2; i++) {
        char *block = hide(calloc(1, size));
        require(block != NULL && block[0] == 0 && block[size / 2] == 0 && block[size - 1] == 0,
                "calloc does not clear");
        memset(block, 1, size);
        block = hide(realloc(block, size * 3));
        require(block != NULL && block[0] == 1 && block[size - 1] == 1, "realloc does not keep");
        free(block);
    }
}

int main(void) {
    free(hide(malloc(1)));
    enter();
    replace_many();
    for (size_t size = 1; size < 50000000; size *= 3) {
        clear_large(size);
    }
    _exit(0);
}
