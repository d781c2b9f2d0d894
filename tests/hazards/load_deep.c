/*
 * load_deep.c: loads the library named on the command line with RTLD_DEEPBIND, as PHP does its modules, while blocks cross its
 * border.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

int main(int argc, char **argv) {
    void *(*take)(size_t) = NULL;
    void (*give)(void *) = NULL;
    require(argc == 2, "usage: load_deep LIBRARY");
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    require(library != NULL, "the library cannot be loaded");
    void *address = dlsym(library, "user_take");
    memcpy(&take, &address, sizeof take);
    address = dlsym(library, "user_give");
    memcpy(&give, &address, sizeof give);
    require(take != NULL && give != NULL, "a function of the library is not found");
    for (size_t size = 1; size < 10000000; size *= 3) {
        free(take(size));
        give(malloc(size));
    }
    require(dlclose(library) == 0, "the library cannot be unloaded");
    return 0;
}
