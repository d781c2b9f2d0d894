/*
 * find.h: a function of a library, by its name, or the end of the program.
 */
#ifndef CAIRN_TESTS_HAZARDS_FIND_H
#define CAIRN_TESTS_HAZARDS_FIND_H

#include <dlfcn.h>

#include "tests/hazards/say.h"

/* Stores the function's address in `function`, a pointer to one. `library` as for dlsym. */
static inline void find(void *library, const char *name, void *function) {
    void *address = dlsym(library, name);
    require(address != NULL, name);
    memcpy(function, &address, sizeof address);
}

#endif
