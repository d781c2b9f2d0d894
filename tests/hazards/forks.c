/*
 * forks.c: forks many times while other threads have memory made accessible and taken back. To be run with libraries
 * that have something done in the child.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hazards/say.h"

enum { THREADS = 2, FORKS = 100 };

static atomic_bool stop;

static void *grow_and_shrink(void *argument) {
    while (!atomic_load(&stop)) {
        free(hide(malloc((size_t)40 << 20)));
        malloc_trim(0);
    }
    return argument;
}

static void fork_once(void) {
    int status = 0;
    pid_t child = fork();
    require(child >= 0, "no fork");
    if (child == 0) {
        _exit(0);
    }
    require(waitpid(child, &status, 0) == child && status == 0, "the child did not end well");
}

int main(void) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        require(pthread_create(&threads[i], NULL, grow_and_shrink, NULL) == 0, "no thread");
    }
    for (size_t i = 0; i < FORKS; i++) {
        fork_once();
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < THREADS; i++) {
        require(pthread_join(threads[i], NULL) == 0, "a thread does not end");
    }
    return 0;
}
