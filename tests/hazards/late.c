/*
 * late.c: allocates and frees after main: in atexit handlers, in destructors, and in what stdio does at the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *kept[100];

static void work(const char *where) {
    for (size_t i = 0; i < 100; i++) {
        void *block = malloc(i * i * 10);
        require(block != NULL, where);
        memset(block, 1, i * i * 10);
        free(kept[i]);
        kept[i] = block;
    }
}

static void at_exit(void) { work("no memory in an atexit handler"); }

__attribute__((destructor)) static void in_destructor(void) {
    work("no memory in a destructor");
    for (size_t i = 0; i < 100; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
}

/* The lowest priority number: the last of the program's destructors. */
__attribute__((destructor(101))) static void after_destructors(void) {
    work("no memory after the destructors");
    say("last destructor done\n");
}

int main(void) {
    work("no memory in main");
    require(atexit(at_exit) == 0, "no atexit");
    setvbuf(stdout, NULL, _IOFBF, 100000);
    printf("left in the buffer\n");
    return 0;
}
