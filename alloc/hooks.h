/*
 * hooks.h: the seam between the core and the debug form. In the release form all of it is empty.
 *
 * The debug form is a layer between the entry points and the core: each entry point hands its call over to it, and it
 * asks the core's slow paths (route.h) for larger blocks, in which the program's lie between canaries. Besides that the
 * core tells it of what it could not see otherwise: blocks that a pool hands out for the first time, and the process's
 * start, forks and end. The core knows nothing else of it.
 */
#ifndef CN_HOOKS_H
#define CN_HOOKS_H

#include "bits.h"
#include "form.h"

#ifdef __cplusplus
extern "C" {
#endif

struct cairn_heap;
struct cn_os_fault;

/* By what family a block was asked for, and is to be freed. */
enum cn_asked { CN_ASKED_MALLOC, CN_ASKED_CALLOC, CN_ASKED_ALIGNED, CN_ASKED_NEW, CN_ASKED_NEW_ARRAY };

/* How a block is to be freed. */
struct cn_release {
    const char *operation; /* the call's name, for a report */
    enum cn_asked family;  /* CN_ASKED_MALLOC, _NEW or _NEW_ARRAY */
    size_t size;           /* what the call says it was asked for with; CN_ANY_SIZE: it does not say */
    size_t alignment;      /* likewise; 0: it does not say */
};
/* Not SIZE_MAX, which programs name by mistake. */
#define CN_ANY_SIZE (SIZE_MAX / 3 * 2)

/* Each slot has so many bytes for the debug form's notes, in a table of its own (layout.h): 32 for each block of the
 * smallest size class that it asks for. */
enum { CN_NOTES_SLOT_SHIFT = 16, CN_NOTES_SLOT_BYTES = CAIRN_DEBUG ? 1 << CN_NOTES_SLOT_SHIFT : 0 };

/* ---- entry points, in the debug form alone (debug/entry.c) --------------------------------------------------- */

/* As the functions of cairn.h; `heap` is NULL for the thread's. The caller has checked that `alignment` is a power of
 * two, and that a product did not overflow. */
void *cn_debug_malloc(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_asked asked);
void *cn_debug_realloc(struct cairn_heap *heap, const char *operation, void *block, size_t size);
void cn_debug_free(struct cairn_heap *heap, void *block, const struct cn_release *release);
size_t cn_debug_usable_size(struct cairn_heap *heap, const char *operation, const void *block);
/* Of a live block of the core: whether the program has it, from the named heap where that is not NULL; and how many
 * bytes. */
bool cn_debug_is_live(const struct cairn_heap *heap, const void *core);
size_t cn_debug_requested(const void *core);
bool cn_debug_walk(const struct cairn_heap *heap, bool (*visit)(void *block, size_t bytes, void *argument),
                   void *argument);
void cn_debug_check(void);

bool cn_debug_seal(void *block);
bool cn_debug_unseal(void *block);
bool cn_debug_fence(void *block, size_t offset, size_t length);

/* All blocks of the heap are about to go. */
void cn_debug_heap_destroy(struct cairn_heap *heap);

/* ---- what the core tells ------------------------------------------------------------------------------------- */

/* Blocks of a pool that are about to be handed out for the first time since it was made. */
struct cn_fresh {
    char *pool;
    size_t pool_bytes;
    size_t block_bytes;
    size_t first; /* block, by index */
    size_t count;
    void *notes; /* of the pool's first slot */
};

void cn_debug_fresh(const struct cn_fresh *fresh);
void cn_debug_start(void);
void cn_debug_stop(void);
void cn_debug_after_fork(void);

/* Reports an access that a page stopped; false where the debug form had nothing to do with that. */
bool cn_debug_fault(const struct cn_os_fault *fault);

CN_INLINE void cn_hook_fresh(const struct cn_fresh *fresh) {
    if (CAIRN_DEBUG) {
        cn_debug_fresh(fresh);
    }
}

/* The options have been read; before main, after some allocations. */
CN_INLINE void cn_hook_start(void) {
    if (CAIRN_DEBUG) {
        cn_debug_start();
    }
}

/* The process ends by exit. */
CN_INLINE void cn_hook_stop(void) {
    if (CAIRN_DEBUG) {
        cn_debug_stop();
    }
}

/* In the child of a fork, when the core is right again. */
CN_INLINE void cn_hook_after_fork(void) {
    if (CAIRN_DEBUG) {
        cn_debug_after_fork();
    }
}

/* Whether memory of pools may go back to the system while the pool is there: not where its bytes are looked at. */
CN_INLINE bool cn_hook_purges_pools(void) { return !CAIRN_DEBUG; }

#ifdef __cplusplus
}
#endif

#endif
