/*
 * loading.c: dlopen and dlsym, by the names of the C library, in the shared libraries alone. Whoever loads libraries while the
 * program runs finds the malloc there that everybody has.
 *
 * With RTLD_DEEPBIND a library is bound to what it needs itself before all that is there already: to the C library's malloc,
 * and not to the one that was preloaded, or linked before it. Then the one's blocks meet the other's free. PHP and
 * APR load their modules so. The flag is left out.
 *
 * In the C library itself, loaded once more by its name, dlsym finds its own free. That is how Python's ctypes, C#'s
 * DllImport, Ruby's Fiddle and the like give back what they have from strdup, which asked everybody's malloc. So they are
 * given everybody's free.
 *
 * From the address that they return to the C library knows who calls (dlopen(3), $ORIGIN and RTLD_NEXT); so both must be
 * left by a jump, which gcc and clang make where they optimise.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "bits.h"
#include "block.h"

#define EXPORT __attribute__((visibility("default")))

typedef void *dlopen_fn(const char *path, int mode);
typedef void *dlsym_fn(void *handle, const char *name);

static _Atomic(dlopen_fn *) next_dlopen;
static _Atomic(dlsym_fn *) next_dlsym;

/* ---- dlsym --------------------------------------------------------------------------------------------------- */

/* By a version, since dlsym itself would be the one here: since glibc 2.34, and before that on aarch64 and x86-64. */
static CN_NOINLINE dlsym_fn *find_next_dlsym(void) {
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
    void *address = NULL;
    for (size_t i = 0; address == NULL && i < sizeof versions / sizeof versions[0]; i++) {
        address = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    }
    dlsym_fn *function;
    memcpy(&function, &address, sizeof function);
    atomic_store_explicit(&next_dlsym, function, memory_order_relaxed);
    return function;
}

CN_INLINE dlsym_fn *the_next_dlsym(void) {
    dlsym_fn *function = atomic_load_explicit(&next_dlsym, memory_order_relaxed);
    return CN_LIKELY(function != NULL) ? function : find_next_dlsym();
}

static bool is_name_of_malloc(const char *name) {
    static const char *const names[] = {
        "malloc",         "free",        "calloc",  "realloc",  "reallocarray",       "aligned_alloc",
        "posix_memalign", "memalign",    "valloc",  "pvalloc",  "malloc_usable_size", "malloc_trim",
        "malloc_stats",   "malloc_info", "mallopt", "mallinfo", "mallinfo2",
    };
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(name, names[i]) != 0) {
        i++;
    }
    return i < sizeof names / sizeof names[0];
}

static void *find_in_c_library(const char *name) {
    void *library = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return NULL;
    }
    void *found = the_next_dlsym()(library, name);
    (void)dlclose(library);
    return found;
}

/* Whether the C library's own calls of malloc lead to Cairn. */
static bool is_everybodys(void) {
    void (*everybodys_free)(void *) = NULL;
    void *address = the_next_dlsym()(RTLD_DEFAULT, "free");
    char *block = address != NULL ? strdup("") : NULL;
    if (block == NULL) {
        return false;
    }
    bool is_here = cn_place_of(block).kind != CN_PLACE_OUTSIDE;
    memcpy(&everybodys_free, &address, sizeof address);
    everybodys_free(block);
    return is_here;
}

/* A malloc in between, which looks for the C library's when it is called while that goes on, is to have it. */
static CN_NOINLINE void *find_malloc(void *handle, const char *name) {
    static _Thread_local bool is_asking CN_TLS;
    void *found = the_next_dlsym()(handle, name);
    if (found == NULL || is_asking) {
        return found;
    }
    is_asking = true;
    if (found == find_in_c_library(name) && is_everybodys()) {
        found = the_next_dlsym()(RTLD_DEFAULT, name);
    }
    is_asking = false;
    return found;
}

EXPORT void *dlsym(void *handle, const char *name) {
    if (handle != RTLD_DEFAULT && handle != RTLD_NEXT && is_name_of_malloc(name)) {
        return find_malloc(handle, name);
    }
    return the_next_dlsym()(handle, name);
}

/* ---- dlopen -------------------------------------------------------------------------------------------------- */

static CN_NOINLINE dlopen_fn *find_next_dlopen(void) {
    dlopen_fn *function = NULL;
    void *address = the_next_dlsym()(RTLD_NEXT, "dlopen");
    memcpy(&function, &address, sizeof function);
    atomic_store_explicit(&next_dlopen, function, memory_order_relaxed);
    return function;
}

EXPORT void *dlopen(const char *path, int mode) {
    dlopen_fn *function = atomic_load_explicit(&next_dlopen, memory_order_relaxed);
    if (CN_UNLIKELY(function == NULL)) {
        function = find_next_dlopen();
    }
    return function(path, mode & ~RTLD_DEEPBIND);
}
