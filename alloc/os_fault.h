/*
 * os_fault.h: what Cairn asks of the operating system about faults: accesses that the machine refused. As os.h.
 */
#ifndef CN_OS_FAULT_H
#define CN_OS_FAULT_H

#include "bits.h"

enum cn_access { CN_ACCESS_NONE, CN_ACCESS_READ, CN_ACCESS_WRITE }; /* CN_ACCESS_NONE: it is not known which */

/* A place in the program, as far as it is needed to find the calls that led there. */
struct cn_os_place {
    uintptr_t pc;
    uintptr_t fp;
};

struct cn_os_fault {
    const void *address; /* that was accessed */
    enum cn_access access;
    struct cn_os_place place;
    const void *context; /* the ucontext_t of the signal */
};

/* From now on faults are shown to `handler` first; what it returns false for ends the process, as it would have done. Does
 * nothing, and returns false, where the program handles faults itself already. */
bool cn_os_handle_faults(bool (*handler)(const struct cn_os_fault *fault));

/* The program or library that the address lies in: its path, "" where not even that is known, and where the address is in its
 * file. False where there is none, and everywhere with a C library before glibc 2.35. */
bool cn_os_find_module(uintptr_t address, const char **path, uintptr_t *offset);

#endif
