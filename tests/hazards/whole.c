/*
 * whole.c: an ordinary small program, to be linked statically with the allocator. With `user` as its argument it says
 * whether it runs with rights that its caller does not have.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

extern const char *cairn_version(void) __attribute__((weak));

static void *work(void *argument) {
    for (size_t i = 0; i < 20000; i++) {
        char *block = malloc(i % 3000 + 1);
        require(block != NULL, "no memory");
        block[i % 3000] = 1;
        block = realloc(block, i % 5000 + 1);
        require(block != NULL, "no memory");
        free(block);
    }
    return argument;
}

int main(int argc, char **argv) {
    pthread_t thread;
    char *text = NULL;
    size_t length = 0;
    require(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0, "no thread");
    FILE *stream = open_memstream(&text, &length);
    require(stream != NULL, "no stream");
    fprintf(stream, "%s", cairn_version == NULL ? "another malloc" : cairn_version());
    fclose(stream);
    printf("%s\n", text);
    free(text);
    if (argc > 1 && strcmp(argv[1], "user") == 0) {
        printf("%s\n", geteuid() == getuid() ? "own rights" : "other rights");
    }
    return 0;
}
