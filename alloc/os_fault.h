/*
 * os_fault.h: what Cairn asks of the operating system about faults: accesses that the machine refused. As os.h.
 */
#ifndef CN_OS_FAULT_H
#define CN_OS_FAULT_H

#include "bits.h"

enum cn_access { CN_ACCESS_NONE, CN_ACCESS_READ, CN_ACCESS_WRITE }; /* CN_ACCESS_NONE: it is not known which */

struct cn_os_fault {
    const void *address; /* that was accessed */
    enum cn_access access;
    const void *context; /* the ucontext_t of the signal */
};

/* From now on faults are shown to `handler` first; what it returns false for ends the process, as it would have
 * done. Does nothing, and returns false, where the program handles faults itself already. */
bool cn_os_handle_faults(bool (*handler)(const struct cn_os_fault *fault));

/* The general registers at the fault, `most` at most. Returns how many; 0 where they are not known. */
size_t cn_os_fault_registers(const struct cn_os_fault *fault, uintptr_t *registers, size_t most);

#endif
