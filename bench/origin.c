/* origin.c: tells which shared object malloc comes from. A file of its own, as static programs cannot have it. */
#define _GNU_SOURCE

#include "workload.h"

#include <dlfcn.h>

const char *malloc_origin(void) {
    Dl_info info;
    void *entry = dlsym(RTLD_DEFAULT, "malloc");
    return entry != NULL && dladdr(entry, &info) != 0 ? info.dli_fname : "unknown";
}
