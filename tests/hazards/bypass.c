/*
 * bypass.c: a library to be preloaded before the allocator: it has a malloc that leads past it, to the C library's, which
 * it looks for when it is first called.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

#define EXPORT __attribute__((visibility("default")))

static void *library;
static void *(*c_malloc)(size_t);
static void *(*c_calloc)(size_t, size_t);
static void *(*c_realloc)(void *, size_t);
static size_t (*c_usable_size)(void *);
static void (*c_free)(void *);

/* Blocks from before the library is there, which stay for good. */
static _Alignas(16) char room[1 << 20];
static size_t room_used;

static void *of_room(size_t size) {
    void *block = room + room_used;
    room_used += (size + 15) / 16 * 16;
    require(room_used <= sizeof room, "too much is asked for before malloc is there");
    return block;
}

static bool is_of_room(const char *block) { return block >= room && block < room + sizeof room; }

__attribute__((constructor)) static void begin(void) {
    library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    require(library != NULL, "the C library cannot be found");
}

static bool is_there(void) {
    if (library != NULL && c_malloc == NULL) {
        find(library, "free", &c_free);
        find(library, "calloc", &c_calloc);
        find(library, "realloc", &c_realloc);
        find(library, "malloc_usable_size", &c_usable_size);
        find(library, "malloc", &c_malloc);
    }
    return library != NULL;
}

EXPORT void *malloc(size_t size) { return is_there() ? c_malloc(size) : of_room(size); }

EXPORT void *calloc(size_t count, size_t size) { return is_there() ? c_calloc(count, size) : of_room(count * size); }

EXPORT void *realloc(void *block, size_t size) {
    require(!is_of_room(block) && is_there(), "realloc before malloc is there");
    return c_realloc(block, size);
}

EXPORT void free(void *block) {
    if (block != NULL && !is_of_room(block)) {
        c_free(block);
    }
}

EXPORT size_t malloc_usable_size(void *block) { return c_usable_size(block); }
