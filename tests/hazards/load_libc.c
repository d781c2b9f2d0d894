/*
 * load_libc.c: looks for malloc and its kin in the C library itself, as bindings of other languages do, and mixes what it
 * finds there with what the C library takes and with what everybody finds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

static void *library;

static void *taken_by_c_library(size_t size) {
    char *text = NULL;
    require(asprintf(&text, "%*s", (int)size, "x") == (int)size, "no memory in the C library");
    return text;
}

static void give_and_take(size_t size) {
    void *(*take)(size_t);
    void *(*take_clear)(size_t, size_t);
    void *(*take_other)(void *, size_t);
    void *(*take_others)(void *, size_t, size_t);
    void *(*take_aligned)(size_t, size_t);
    int (*take_aligned_to)(void **, size_t, size_t);
    size_t (*usable)(void *);
    void (*give)(void *);
    void *block = NULL;
    find(library, "malloc", &take);
    find(library, "calloc", &take_clear);
    find(library, "realloc", &take_other);
    find(library, "reallocarray", &take_others);
    find(library, "aligned_alloc", &take_aligned);
    find(library, "posix_memalign", &take_aligned_to);
    find(library, "malloc_usable_size", &usable);
    find(library, "free", &give);
    give(taken_by_c_library(size));
    give(malloc(size));
    free(take(size));
    free(take_clear(size, 3));
    free(take_other(taken_by_c_library(size), 2 * size));
    free(take_others(taken_by_c_library(size), 2, size));
    free(take_aligned(64, size));
    require(take_aligned_to(&block, 4096, size) == 0, "no memory");
    require(usable(block) == malloc_usable_size(block), "there are two sizes of a block");
    free(block);
}

int main(void) {
    library = dlopen("libc.so.6", RTLD_LAZY);
    require(library != NULL, "the C library cannot be found");
    for (size_t size = 1; size < 10000000; size *= 3) {
        give_and_take(size);
    }
    require(dlsym(library, "no_such_name") == NULL && dlerror() != NULL, "there is a name that is nowhere");
    require(dlsym(RTLD_NEXT, "free") == dlsym(RTLD_DEFAULT, "free"), "it is not known who asks for what comes next");
    return 0;
}
