/*
 * old_mremap.c: a library to be preloaded after the allocator, whose mremap fails as that of Linux before 6.17 may:
 * where it is to move pages to a given address, it unmaps what is there before it finds that it cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/hazards/say.h"

void *mremap(void *from, size_t old_bytes, size_t new_bytes, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void *to = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    if (to == NULL) {
        return (void *)syscall(SYS_mremap, from, old_bytes, new_bytes, flags, to);
    }
    require(munmap(to, new_bytes) == 0, "the target could not be unmapped");
    say("target unmapped\n");
    errno = EFAULT;
    return MAP_FAILED;
}
