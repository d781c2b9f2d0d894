/*
 * load_deep.c: loads the library named on the command line with RTLD_DEEPBIND, as PHP does its modules, while blocks cross its
 * border.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

int main(int argc, char **argv) {
    void *(*take)(size_t) = NULL;
    void (*give)(void *) = NULL;
    require(argc == 2, "usage: load_deep LIBRARY");
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    require(library != NULL, "the library cannot be loaded");
    find(library, "user_take", &take);
    find(library, "user_give", &give);
    for (size_t size = 1; size < 10000000; size *= 3) {
        free(take(size));
        give(malloc(size));
    }
    require(dlclose(library) == 0, "the library cannot be unloaded");
    return 0;
}
