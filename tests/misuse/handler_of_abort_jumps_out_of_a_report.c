// expect: exit 0
#include "misuse.h"
#include <fcntl.h>
#include <setjmp.h>

static sigjmp_buf place;

static void jump(int number) { siglongjmp(place, number); }

static void *free_twice(void *argument) {
    char *block = malloc(10);
    free(block);
    if (sigsetjmp(place, 1) == 0) {
        free(block);
    }
    return argument;
}

/* As tests of a framework do, each of which may abort. The next report, and the end of the process, do not wait for ever. */
int main(void) {
    pthread_t thread;
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    (void)signal(SIGABRT, jump);
    for (int i = 0; i < 2; i++) {
        pthread_create(&thread, NULL, free_twice, NULL);
        pthread_join(thread, NULL);
    }
    return 0;
}
