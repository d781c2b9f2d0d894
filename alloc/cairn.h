/*
 * cairn.h: the public interface of the Cairn memory allocator. Nothing else is public.
 *
 * Sizes are in bytes. Every function may be called from any thread at any time, signal handlers excepted, unless its
 * comment says otherwise. Functions that return memory return NULL and set errno to ENOMEM when there is none; a size
 * above PTRDIFF_MAX, or a product that overflows, is such a case. Functions that free keep errno.
 *
 * A block is at least 16-byte aligned. A pointer that is not the start of a live block is never accepted: the call
 * prints `cairn: ERROR: <kind>: <sentence>` on standard error and raises SIGABRT. The kinds are bad-free, double-free,
 * realloc-of-freed and size-mismatch, and of guarded blocks (option guard) heap-buffer-overflow, heap-buffer-underflow
 * and heap-use-after-free; the debug form has more (README.md).
 */
#ifndef CAIRN_H
#define CAIRN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_VERSION "0.1.0"

#if defined(__GNUC__)
#define CAIRN_API __attribute__((visibility("default")))
#else
#define CAIRN_API
#endif

/* ---- blocks of the calling thread's default heap ------------------------------------------------------------- */

/* A block of at least `size` bytes, uninitialised. Size 0 gives a block of its own; do not write to it. */
CAIRN_API void *cairn_malloc(size_t size);

/* A block of count * size bytes, all zero. */
CAIRN_API void *cairn_calloc(size_t count, size_t size);

/* The block resized to `size` bytes, moved if need be; its first min(old, new) bytes are kept. NULL `block` is
 * cairn_malloc(size). Size 0 frees the block and returns NULL. On failure the old block stays as it was. A block of a
 * named heap stays in that heap. The new block is 16-byte aligned, whatever the alignment of the old one. */
CAIRN_API void *cairn_realloc(void *block, size_t size);

/* cairn_realloc(block, count * size); an overflowing product is ENOMEM and leaves the block as it was. */
CAIRN_API void *cairn_reallocarray(void *block, size_t count, size_t size);

/* A block whose address is a multiple of `alignment`, a power of two (else NULL and EINVAL). `size` need not be a
 * multiple of it. */
CAIRN_API void *cairn_aligned_alloc(size_t alignment, size_t size);

/* Frees a block of any heap, from any thread. NULL is ignored. */
CAIRN_API void cairn_free(void *block);

/* As cairn_free, for a block that was asked for with exactly this size (and alignment). The debug form reports any
 * other size as size-mismatch, and an alignment that is no power of two, or that the block does not have, as
 * invalid-alignment. The release form compares the size class of size and alignment, above 64 KiB the size in units of
 * 64 KiB, and reports size-mismatch. A size down to four fifths of the next smaller class may pass there, since realloc
 * leaves room in blocks that grow; and any size, once a realloc to less had no memory to move the block to. */
CAIRN_API void cairn_free_sized(void *block, size_t size);
CAIRN_API void cairn_free_aligned_sized(void *block, size_t alignment, size_t size);

/* The bytes of the block that may be written, at least what was asked for: in the debug form exactly that, in the
 * release form 16 at least, also of a block of size 0. 0 for NULL. */
CAIRN_API size_t cairn_usable_size(const void *block);

/* ---- named heaps --------------------------------------------------------------------------------------------- */

/* A heap of its own: usable from any thread, budgeted, destroyed at once. A call with a handle of no such heap, or of one
 * that was destroyed, is reported as bad-free and ends the process; cairn_heap_destroy alone ignores NULL. */
struct cairn_heap;

struct cairn_heap_options {
    /* The most bytes of pools and spans that the heap may hold; 0: no limit. An allocation that would need memory
     * beyond it fails with ENOMEM. Pools are taken whole, so the budget may be exceeded by less than one pool (at most
     * 512 KiB); a span is taken only where it fits. */
    size_t budget_bytes;
    /* Called before an allocation of `size` bytes fails, for the budget or for lack of memory; it may free blocks of
     * the heap, after which the allocation is tried once more. No lock is held. NULL: none. */
    void (*on_budget)(struct cairn_heap *heap, size_t size, void *argument);
    void *argument;
};

/* A new heap. `name` is copied, cut at 31 bytes; NULL is an empty one. NULL `options` stands for all zero. NULL and
 * ENOMEM at the limit of 32,767 heaps and threads together, or when there is no memory. */
CAIRN_API struct cairn_heap *cairn_heap_create(const char *name, const struct cairn_heap_options *options);

/* Frees all blocks of the heap and the heap itself, in time proportional to its pools. No other thread may use the
 * heap or its blocks during the call or afterwards. NULL is ignored. */
CAIRN_API void cairn_heap_destroy(struct cairn_heap *heap);

/* As their namesakes above, from this heap. */
CAIRN_API void *cairn_heap_malloc(struct cairn_heap *heap, size_t size);
CAIRN_API void *cairn_heap_calloc(struct cairn_heap *heap, size_t count, size_t size);
CAIRN_API void *cairn_heap_aligned_alloc(struct cairn_heap *heap, size_t alignment, size_t size);

/* As their namesakes above; a live block of another heap is reported as bad-free. */
CAIRN_API void *cairn_heap_realloc(struct cairn_heap *heap, void *block, size_t size);
CAIRN_API void cairn_heap_free(struct cairn_heap *heap, void *block);
CAIRN_API size_t cairn_heap_usable_size(struct cairn_heap *heap, const void *block);

/* The name given at creation; valid until the heap is destroyed. */
CAIRN_API const char *cairn_heap_name(const struct cairn_heap *heap);

/* ---- looking at the heap ------------------------------------------------------------------------------------- */

enum { CAIRN_CLASS_COUNT = 80 };

struct cairn_class_stats {
    uint64_t block_bytes; /* the size class */
    uint64_t pools;       /* pools of this class */
    uint64_t used_blocks; /* live blocks */
    uint64_t free_blocks; /* blocks of these pools that are not live */
};

/* A snapshot, in bytes unless said otherwise. Sums that hold in a program whose other threads are at rest:
 *   block_bytes = span_bytes + sum over classes of used_blocks * block_bytes
 *   block_bytes + free_bytes + slack_bytes = pool_bytes + span_bytes <= arena_bytes
 * requested_bytes is UINT64_MAX in the release form without the options stats and stats_json. metadata_bytes are of the
 * region's tables and the heaps, not of what is known of guarded and direct blocks, nor the debug form's stacks and
 * quarantine. */
struct cairn_stats {
    uint64_t requested_bytes;  /* asked for by live blocks; see above */
    uint64_t block_count;      /* live blocks */
    uint64_t block_bytes;      /* live blocks, rounded up to what was handed out */
    uint64_t free_bytes;       /* blocks of pools that are not live */
    uint64_t slack_bytes;      /* ends of pools too short for a block */
    uint64_t pool_bytes;       /* pools */
    uint64_t span_bytes;       /* live blocks too large for a pool, within and outside the region */
    uint64_t arena_bytes;      /* arenas taken from the system, and mappings outside the region; 0 for one heap */
    uint64_t resident_bytes;   /* of arena_bytes, what the system says is in memory; 0 for one heap */
    uint64_t purged_bytes;     /* given back to the system since the start, each time counted; 0 for one heap */
    uint64_t metadata_bytes;   /* the allocator's own tables that are in memory; 0 for one heap */
    uint64_t peak_used_bytes;  /* high-water mark of pool_bytes + span_bytes */
    uint64_t peak_arena_bytes; /* high-water mark of arena_bytes; 0 for one heap */
    uint64_t heap_count;       /* heaps: of threads, named and waiting for a thread */
    uint64_t budget_bytes;     /* of a named heap; 0: none */
    struct cairn_class_stats classes[CAIRN_CLASS_COUNT];
};

/* Fills `stats` for the whole process, or for one heap. */
CAIRN_API void cairn_stats_get(struct cairn_stats *stats);
CAIRN_API void cairn_heap_stats_get(struct cairn_heap *heap, struct cairn_stats *stats);

/* Writes the process's stats to a file descriptor, as text or as one JSON object. Does not allocate. 0, or -1 with
 * errno as write(2) sets it. */
CAIRN_API int cairn_stats_print(int fd);
CAIRN_API int cairn_stats_print_json(int fd);

/* Calls `visit` for each live block, in order of address, those in mappings of their own last; stops when it returns
 * false, and returns false then. `visit` may free the block it is given, and nothing else. Blocks that other threads
 * allocate or free meanwhile may or may not be seen. */
typedef bool cairn_visit_fn(void *block, size_t usable_bytes, void *argument);
CAIRN_API bool cairn_walk(cairn_visit_fn *visit, void *argument);
CAIRN_API bool cairn_heap_walk(struct cairn_heap *heap, cairn_visit_fn *visit, void *argument);

/* Walks all metadata and asserts all invariants that can be looked at; a broken one prints its name and raises SIGABRT.
 * Returns true. The heaps of other running threads are checked only in what their threads do not change. The debug form
 * also looks at all blocks, and reports damage. */
CAIRN_API bool cairn_check(void);

/* Gives all memory back that holds no live block: of this thread's heap, the named heaps, and those whose threads have
 * ended. Returns the bytes that went back to the system. The debug form keeps what waits in quarantine, and its pools'
 * pages. */
CAIRN_API size_t cairn_trim(void);

/* ---- reports of the debug form ------------------------------------------------------------------------------- */

/* What a report is about. Valid during the callback only. */
struct cairn_report {
    const char *kind;     /* "double-free" and the like */
    const char *sentence; /* the rest of the report's first line */
    const void *pointer;  /* what was handed in, or accessed; NULL: what is reported is damage that was found */
    const void *block;    /* the block concerned, as malloc returned it; NULL: none */
    size_t size;          /* that it was asked for with */
    uint64_t serial;      /* its number among all allocations, from 1 */
    uint64_t site;        /* a hash of where it was allocated, the same in every run; 0: not known */
};

/* To go on is: a call with a pointer that is no live block does nothing; a block that was freed by a function of
 * another family, or with a wrong size, is freed; a block that was damaged while it was in use, or in quarantine, is
 * set aside and never used again; damage to memory that was free is undone when it is handed out. */
enum cairn_verdict {
    CAIRN_STOP, /* raise SIGABRT */
    CAIRN_GO_ON
};

/* From now on `callback` is called after each report of a block is printed, in the thread that made the bad call or
 * found the damage, and decides what comes of it, in place of the option halt_on_error. It must not allocate or free, and
 * must return, not jump or throw out of the report. It may be inside any call of this header. NULL: none. False in the
 * release form, which always stops. Reports of a handle that is no named heap's, and of broken invariants, are text on
 * standard error in both forms, and always end the process. */
typedef enum cairn_verdict cairn_report_fn(const struct cairn_report *report, void *argument);
CAIRN_API bool cairn_set_report_callback(cairn_report_fn *callback, void *argument);

/* Promises, which the debug form watches over; the release form does nothing and returns false.
 *
 * cairn_seal: the block does not change until cairn_unseal. A write meanwhile, by whomever, is reported as sealed-write
 * when it is unsealed, freed, or looked at by a sweep; at once, at the instruction, in pages that a block of more than
 * 64 KiB fills, and in all of it where it lies on guard pages. Freeing and resizing end a seal. False where there are
 * too many promises (65,536). cairn_unseal also returns false where the block is not sealed, or has changed.
 *
 * cairn_fence: the `length` bytes from `offset` in the block on, which get bytes of the debug form's own, are not
 * written while the block lives. A write is reported as fence-write when the block is freed or looked at. False as
 * above, where the bytes are not within the block, or where that is sealed.
 *
 * `block` must be the start of a live block, else bad-free is reported. One thread at a time for each block. */
CAIRN_API bool cairn_seal(void *block);
CAIRN_API bool cairn_unseal(void *block);
CAIRN_API bool cairn_fence(void *block, size_t offset, size_t length);

/* Prints on standard error what the pointer is: which block's start or inside, with size and stacks, else what else
 * lies there. Any value may be asked for. In a debugger: `call cairn_describe(pointer)`. The release form says less. */
CAIRN_API void cairn_describe(const void *pointer);

/* Looks for live blocks that no memory of the program points to, prints them by where they were allocated, the largest
 * first, and returns how many there are. The other threads stand still meanwhile. 0 in the release form. */
CAIRN_API size_t cairn_leaks(void);

/* CAIRN_VERSION and the form, for example "0.1.0 release". */
CAIRN_API const char *cairn_version(void);

#ifdef __cplusplus
}
#endif

#endif
