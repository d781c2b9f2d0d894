/*
 * c_library.h: the C library's own functions, behind those that Cairn has put in their place.
 */
#ifndef CAIRN_FUZZ_C_LIBRARY_H
#define CAIRN_FUZZ_C_LIBRARY_H

#include <dlfcn.h>
#include <string.h>

#include "fuzz/expect.h"

/* `function` is a pointer to a function, whose type only the caller knows. Needs _GNU_SOURCE. */
static inline void cn_c_library_find(void *function, const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    CN_EXPECT(found != NULL, "the C library has its allocation functions");
    memcpy(function, &found, sizeof found);
}

#endif
