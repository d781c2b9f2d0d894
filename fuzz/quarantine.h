/*
 * quarantine.h: what was freed so far leaves the quarantine, so that the next input, or step, does not meet it.
 */
#ifndef CAIRN_FUZZ_QUARANTINE_H
#define CAIRN_FUZZ_QUARANTINE_H

#include "alloc/cairn.h"
#include "alloc/options.h"

/* All of it, and the calling thread's part. Nothing else frees meanwhile. */
static inline void cn_empty_quarantine(void) {
    size_t had = cn_options.quarantine_bytes;
    cn_options.quarantine_bytes = 1;
    cairn_free(cairn_malloc(1));
    cn_options.quarantine_bytes = had;
}

#endif
