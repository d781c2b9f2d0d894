/*
 * load_cairn.c: loads the allocator's library into a program that runs on another malloc already. Its thread-local
 * storage must fit; its own functions must work beside the program's, in threads that were there before, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

static void *(*take)(size_t);
static void (*give)(void *);
static bool (*check)(void);
static pthread_barrier_t loaded;

static void load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        say(dlerror());
    }
    require(library != NULL, " (the library cannot be loaded)");
    find(library, "cairn_malloc", &take);
    find(library, "cairn_free", &give);
    find(library, "cairn_check", &check);
    void *(*load_by_it)(const char *, int) = NULL;
    find(library, "dlopen", &load_by_it);
    require(load_by_it(path, RTLD_NOW | RTLD_DEEPBIND) == library, "its dlopen does not find it");
}

static void use_both(void) {
    for (size_t size = 1; size < 10000000; size *= 3) {
        void *ours = take(size);
        void *theirs = malloc(size);
        require(ours != NULL && theirs != NULL, "no memory");
        memset(ours, 1, size);
        memset(theirs, 2, size);
        require(((unsigned char *)ours)[size - 1] == 1, "a block changed");
        give(ours);
        free(theirs);
    }
}

static void *wait_and_use(void *argument) {
    pthread_barrier_wait(&loaded);
    use_both();
    return argument;
}

int main(int argc, char **argv) {
    pthread_t threads[8];
    require(argc == 2, "usage: load_cairn LIBRARY");
    require(pthread_barrier_init(&loaded, NULL, 9) == 0, "no barrier");
    for (size_t i = 0; i < 8; i++) {
        require(pthread_create(&threads[i], NULL, wait_and_use, NULL) == 0, "no thread");
    }
    load(argv[1]);
    pthread_barrier_wait(&loaded);
    use_both();
    for (size_t i = 0; i < 8; i++) {
        require(pthread_join(threads[i], NULL) == 0, "no join");
    }
    require(check(), "the heap is not sound");
    return 0;
}
