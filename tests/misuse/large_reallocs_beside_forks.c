// expect: exit 0
#include "misuse.h"

static volatile bool is_over;

static void *grow_and_shrink(void *argument) {
    char *block = malloc(2 << 20);
    for (int i = 0; !is_over; i++) {
        block = realloc(block, i % 2 == 0 ? 3 << 20 : 2 << 20);
    }
    free(block);
    return argument;
}

int main(void) {
    pthread_t thread;
    int status = 0;
    pthread_create(&thread, NULL, grow_and_shrink, NULL);
    for (int i = 0; i < 40 && status == 0; i++) {
        pid_t child = fork();
        if (child == 0) {
            exit(0);
        }
        waitpid(child, &status, 0);
    }
    is_over = true;
    pthread_join(thread, NULL);
    return status;
}
