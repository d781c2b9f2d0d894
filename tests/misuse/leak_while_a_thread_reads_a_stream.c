// expect: exit 0
// expect-debug: leak: 100 bytes in 1 block that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static void *held;

/* It has the stream's lock, and goes on to the end of the process. */
static void *read_it(void *stream) {
    char line[10];
    (void)fgets(line, sizeof line, stream);
    return NULL;
}

int main(void) {
    int ends[2];
    pthread_t thread;
    require(pipe(ends) == 0, "there is a pipe");
    pthread_create(&thread, NULL, read_it, fdopen(ends[0], "r"));
    (void)usleep(50000);
    held = malloc(100);
    held = NULL;
    clear_stack();
    return 0;
}
