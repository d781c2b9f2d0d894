/*
 * load_user.c: loads and unloads the library named on the command line again and again, from several threads, while
 * blocks cross its border.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

static void *load_and_unload(void *argument) {
    for (size_t i = 0; i < 100; i++) {
        void *(*take)(size_t) = NULL;
        void (*give)(void *) = NULL;
        void *library = dlopen(argument, i % 2 ? RTLD_NOW : RTLD_LAZY);
        require(library != NULL, "the library cannot be loaded");
        find(library, "user_take", &take);
        find(library, "user_give", &give);
        void *block = take(i * 100);
        free(block);
        give(malloc(i * 70));
        require(dlclose(library) == 0, "the library cannot be unloaded");
    }
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[4];
    require(argc == 2, "usage: load_user LIBRARY");
    load_and_unload(argv[1]);
    for (size_t i = 0; i < 4; i++) {
        require(pthread_create(&threads[i], NULL, load_and_unload, argv[1]) == 0, "no thread");
    }
    for (size_t i = 0; i < 4; i++) {
        require(pthread_join(threads[i], NULL) == 0, "no join");
    }
    return 0;
}
