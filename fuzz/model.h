/*
 * model.h: the oracle: a shadow of all live blocks, and what must be so of them.
 *
 * It knows cairn.h and nothing of how the allocator works. It sees each operation's request and result, keeps a record
 * for each live block in memory of its own, and aborts with a sentence (expect.h) where one of these does not hold:
 *
 *   a block overlaps no other; its address is aligned; its usable size is at least what was asked for
 *   its contents are what was last written: a pattern of its own, looked at in full whenever the block is touched
 *   calloc's block is zero in full; realloc keeps what both sizes have in common
 *   NULL comes with ENOMEM, and only where `refused` finds a reason
 *   a heap with a budget never holds more than that and one pool
 *   stats and walks agree with the records
 *
 * A block of up to CN_MODEL_WHOLE_BYTES is written in full when it comes, a larger one at both ends, until an operation
 * asks for it to be written in full. The record number of a block is the caller's.
 *
 * One thread at a time may use a model.
 */
#ifndef CAIRN_FUZZ_MODEL_H
#define CAIRN_FUZZ_MODEL_H

#include "cairn.h"
#include "fuzz/ranges.h"

enum {
    CN_MODEL_BLOCKS = CN_RANGES_CAPACITY,
    CN_MODEL_HEAPS = 4,
    CN_MODEL_WHOLE_BYTES = 8192,
};

/* When an allocation may fail. */
enum cn_model_null {
    CN_NULL_FOR_A_REASON, /* too large for any system, or beyond the budget */
    CN_NULL_ANYTIME,      /* the harness makes the system refuse memory */
    CN_NULL_ON_PURPOSE,   /* options let requests fail: at any time, and no callback is asked before */
};

enum cn_model_content { CN_CONTENT_ANY, CN_CONTENT_ZERO };

struct cn_model_block {
    unsigned char *start; /* NULL: no block */
    size_t size;          /* asked for */
    size_t usable_bytes;
    size_t alignment;  /* asked for; 0 where none was */
    uint64_t seed;     /* of the pattern */
    size_t head_bytes; /* of the pattern, from the start */
    size_t tail_start; /* and from here to `size` */
    unsigned heap;
    bool was_visited; /* by the walk that is going on */
};

struct cn_model_heap {
    struct cairn_heap *handle; /* NULL: not there, or the default heap */
    size_t budget_bytes;       /* 0: none */
    size_t block_count;
    size_t asked_bytes;
    size_t usable_bytes;
    size_t peak_bytes; /* as the heap's stats said last */
};

/* Memory is written from here on, or copied to by the allocator: within a block, or at its end. */
typedef void cn_model_written_fn(const void *start, size_t bytes);

struct cn_model {
    enum cn_model_null null_rule;
    cn_model_written_fn *on_written; /* NULL: nobody is told */
    bool is_debug_form;
    bool has_crew;    /* blocks are of several threads' */
    bool has_guarded; /* some blocks may lie on guarded pages: as mappings of their own, a walk shows them last */
    size_t block_end; /* records from here on hold no block */
    uint64_t last_seed;
    struct cn_model_heap heaps[CN_MODEL_HEAPS];
    struct cn_ranges ranges;
    struct cn_model_block blocks[CN_MODEL_BLOCKS];
};

/* Once; from then on a model that holds no block and no heap is as good as new. */
void cn_model_init(struct cn_model *model, enum cn_model_null null_rule);

/* A call returned `start` for a request of `size` bytes; the block becomes number `index`, which is not in use. */
void cn_model_put(struct cn_model *model, size_t index, unsigned heap, void *start, size_t size, size_t alignment,
                  enum cn_model_content content);

/* A call for a new block, or for one of `size` bytes in place of one of `old_size`, returned NULL and set `error`. */
void cn_model_refused(const struct cn_model *model, unsigned heap, size_t size, size_t alignment, size_t old_size,
                      int error);

/* The block, which is about to be freed, is none of the model's any more. */
void *cn_model_take(struct cn_model *model, size_t index);
/* The same without a look at it, where it may be gone already. */
void cn_model_forget(struct cn_model *model, size_t index);

/* Before and after a realloc that moved the block, or left it where it was. */
void cn_model_before_resize(struct cn_model *model, size_t index);
void cn_model_resized(struct cn_model *model, size_t index, void *start, size_t size);

/* The block's contents and its usable size. */
void cn_model_check_block(const struct cn_model *model, size_t index);
void cn_model_check_all(const struct cn_model *model);

/* Writes the block in full, the bytes beyond its size that may be written included. */
void cn_model_write(struct cn_model *model, size_t index);

void cn_model_heap_created(struct cn_model *model, unsigned heap, struct cairn_heap *handle, size_t budget_bytes);
/* Looks at all its blocks a last time. To be called before the heap is destroyed. */
void cn_model_heap_ends(struct cn_model *model, unsigned heap);

/* Whether a heap may hold so much: its budget, if it has one, and less than one pool. */
bool cn_model_allows(const struct cn_model_heap *heap, size_t held_bytes);

/* Whoever is told of writes is told of this one, which is not the model's. */
void cn_model_tell_written(const struct cn_model *model, const void *start, size_t bytes);

/* model_look.c: what the allocator says of itself. */
void cn_model_check_stats(struct cn_model *model);
void cn_model_check_heap_stats(struct cn_model *model, unsigned heap);
void cn_model_check_walk(struct cn_model *model);
void cn_model_check_heap_walk(struct cn_model *model, unsigned heap);
/* A walk that frees every other block that it is given. Other threads must be at rest, as must be for all four. */
void cn_model_walk_and_free(struct cn_model *model);
/* No block is live, no named heap is there, and all memory was trimmed. */
void cn_model_check_returned(const struct cn_model *model);
/* All memory was trimmed. */
void cn_model_check_trimmed(const struct cn_model *model);

#endif
