/*
 * deepbind.c: dlopen, by the name of the C library, in the shared libraries alone.
 *
 * With RTLD_DEEPBIND a library is bound to what it needs itself before all that is there already: to the C library's malloc,
 * and not to the one that was preloaded, or linked before it. Then the one's blocks meet the other's free. PHP and
 * APR load their modules so. The flag is left out.
 *
 * From the address that it returns to the C library knows who loads (dlopen(3), $ORIGIN); so it must be left by a jump, which
 * gcc and clang make where they optimise.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "bits.h"

typedef void *dlopen_fn(const char *path, int mode);

static _Atomic(dlopen_fn *) next;

static CN_NOINLINE dlopen_fn *find_next(void) {
    dlopen_fn *function = NULL;
    void *address = dlsym(RTLD_NEXT, "dlopen");
    memcpy(&function, &address, sizeof function);
    atomic_store_explicit(&next, function, memory_order_relaxed);
    return function;
}

__attribute__((visibility("default"))) void *dlopen(const char *path, int mode) {
    dlopen_fn *function = atomic_load_explicit(&next, memory_order_relaxed);
    if (function == NULL) {
        function = find_next();
    }
    return function(path, mode & ~RTLD_DEEPBIND);
}
