/*
 * hooks.h: the seam between the core and the debug form. The core calls these; in the release form they are empty, in
 * the debug form debug/ fills them in. The core knows nothing else of it.
 */
#ifndef CN_HOOKS_H
#define CN_HOOKS_H

#include "bits.h"
#include "form.h"

/* debug/poison.c; called in the debug form alone. */
void cn_debug_allocated(void *block, size_t bytes);
void cn_debug_freed(void *block, size_t bytes);

/* A block goes to the program, not zeroed. `bytes` is its usable size. */
CN_INLINE void cn_hook_allocated(void *block, size_t bytes) {
    if (CAIRN_DEBUG) {
        cn_debug_allocated(block, bytes);
    }
}

/* The program has freed a block; it is still live. */
CN_INLINE void cn_hook_freed(void *block, size_t bytes) {
    if (CAIRN_DEBUG) {
        cn_debug_freed(block, bytes);
    }
}

#endif
