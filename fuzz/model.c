#include "fuzz/model.h"

#include <errno.h>
#include <string.h>

#include "fuzz/expect.h"
#include "fuzz/pattern.h"

enum {
    MIN_ALIGNMENT = 16,
    HEAD_BYTES = 4096, /* of a large block that is not written in full */
    TAIL_BYTES = 512,
    RESIZE_WHOLE_BYTES = 64 << 10, /* up to here a block is written in full before it is resized */
    WRITE_WHOLE_BYTES = 1 << 20,
    POOL_MAX_BYTES = 512 << 10,
    BLOCK_MAX_BYTES = 64 << 10, /* of a block in a pool */
    SPAN_UNIT_BYTES = 64 << 10,
    EXTRA_BYTES = 4096, /* more than the debug form adds to a block */
};

/* A request above this may fail on a good day; one up to this may not. */
static const size_t sure_bytes = (size_t)256 << 20;

void cn_model_init(struct cn_model *model, enum cn_model_null null_rule) {
    memset(model, 0, sizeof *model);
    model->null_rule = null_rule;
    model->is_debug_form = strstr(cairn_version(), "debug") != NULL;
}

static struct cn_model_block *block_at(struct cn_model *model, size_t index) {
    CN_EXPECT(model->blocks[index].start != NULL, "the harness names a block that is there");
    return &model->blocks[index];
}

/* ---- contents ------------------------------------------------------------------------------------------------ */

static size_t word_up(size_t bytes) { return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t); }

void cn_model_tell_written(const struct cn_model *model, const void *start, size_t bytes) {
    if (model->on_written != NULL && bytes != 0) {
        model->on_written(start, bytes);
    }
}

/* Writes the first `head_bytes` of the block and its last bytes, with a new pattern. */
static void fill(struct cn_model *model, struct cn_model_block *block, size_t head_bytes) {
    block->seed = ++model->last_seed * CN_PATTERN_STEP;
    block->head_bytes = head_bytes < block->size ? head_bytes : block->size;
    block->tail_start =
        block->size - block->head_bytes < TAIL_BYTES ? word_up(block->head_bytes) : word_up(block->size - TAIL_BYTES);
    cn_pattern_fill(block->start, 0, block->head_bytes, block->seed);
    cn_model_tell_written(model, block->start, block->head_bytes);
    if (block->tail_start < block->size) {
        cn_pattern_fill(block->start, block->tail_start, block->size, block->seed);
        cn_model_tell_written(model, block->start + block->tail_start, block->size - block->tail_start);
    }
}

static void fill_new(struct cn_model *model, struct cn_model_block *block) {
    fill(model, block, block->size <= CN_MODEL_WHOLE_BYTES ? block->size : HEAD_BYTES);
}

/* What of the pattern lies within the first `kept` bytes is there. */
static void expect_contents(const struct cn_model_block *block, size_t kept, const char *promise) {
    size_t head = block->head_bytes < kept ? block->head_bytes : kept;
    size_t tail = block->size < kept ? block->size : kept;
    CN_EXPECT(cn_pattern_is_there(block->start, 0, head, block->seed), promise);
    if (block->tail_start < tail) {
        CN_EXPECT(cn_pattern_is_there(block->start, block->tail_start, tail, block->seed), promise);
    }
}

void cn_model_check_block(const struct cn_model *model, size_t index) {
    const struct cn_model_block *block = &model->blocks[index];
    CN_EXPECT(block->start != NULL, "the harness names a block that is there");
    expect_contents(block, SIZE_MAX, "a block's contents stay as they were written");
    CN_EXPECT(cairn_usable_size(block->start) == block->usable_bytes, "a block's usable size stays as it was");
}

void cn_model_check_all(const struct cn_model *model) {
    for (size_t i = 0; i < model->block_end; i++) {
        if (model->blocks[i].start != NULL) {
            cn_model_check_block(model, i);
        }
    }
}

void cn_model_write(struct cn_model *model, size_t index) {
    struct cn_model_block *block = block_at(model, index);
    cn_model_check_block(model, index);
    if (block->usable_bytes > block->size) {
        memset(block->start + block->size, (int)(index & UINT8_MAX), block->usable_bytes - block->size);
        cn_model_tell_written(model, block->start + block->size, block->usable_bytes - block->size);
    }
    fill(model, block, WRITE_WHOLE_BYTES);
}

/* ---- blocks come and go -------------------------------------------------------------------------------------- */

static bool is_aligned(const void *start, size_t alignment) {
    return (uintptr_t)start % (alignment > MIN_ALIGNMENT ? alignment : MIN_ALIGNMENT) == 0;
}

bool cn_model_allows(const struct cn_model_heap *heap, size_t held_bytes) {
    return heap->budget_bytes == 0 || held_bytes < POOL_MAX_BYTES || held_bytes - POOL_MAX_BYTES < heap->budget_bytes;
}

/* Enters the block's address and size, and counts it. */
static void enter(struct cn_model *model, size_t index, void *start, size_t size) {
    struct cn_model_block *block = &model->blocks[index];
    struct cn_model_heap *heap = &model->heaps[block->heap];
    block->start = start;
    block->size = size;
    block->usable_bytes = cairn_usable_size(start);
    CN_EXPECT(size <= PTRDIFF_MAX, "a size above PTRDIFF_MAX is refused");
    CN_EXPECT(is_aligned(start, block->alignment), "a block is aligned as asked for, and to 16 bytes");
    CN_EXPECT(block->usable_bytes >= size, "a block's usable size is at least what was asked for");
    size_t occupied = block->usable_bytes > 0 ? block->usable_bytes : 1;
    CN_EXPECT(cn_ranges_add(&model->ranges, start, occupied, index), "a block overlaps no other");
    heap->block_count++;
    heap->asked_bytes += size;
    heap->usable_bytes += block->usable_bytes;
    CN_EXPECT(cn_model_allows(heap, heap->asked_bytes), "a heap holds to its budget within one pool");
}

/* A block that no pool holds has been given from what was left of the budget: only a pool may go beyond it. */
static void expect_within_budget(const struct cn_model *model, const struct cn_model_block *block) {
    const struct cn_model_heap *heap = &model->heaps[block->heap];
    if (heap->budget_bytes != 0 && block->size > BLOCK_MAX_BYTES) {
        struct cairn_stats stats;
        cairn_heap_stats_get(heap->handle, &stats);
        CN_EXPECT(stats.pool_bytes + stats.span_bytes <= heap->budget_bytes, "a large block fits into the budget");
    }
}

static void leave(struct cn_model *model, struct cn_model_block *block) {
    struct cn_model_heap *heap = &model->heaps[block->heap];
    cn_ranges_remove(&model->ranges, block->start);
    heap->block_count--;
    heap->asked_bytes -= block->size;
    heap->usable_bytes -= block->usable_bytes;
}

void cn_model_put(struct cn_model *model, size_t index, unsigned heap, void *start, size_t size, size_t alignment,
                  enum cn_model_content content) {
    CN_EXPECT(index < CN_MODEL_BLOCKS && model->blocks[index].start == NULL, "the harness puts a block where none is");
    model->blocks[index] = (struct cn_model_block){.heap = heap, .alignment = alignment};
    model->block_end = index < model->block_end ? model->block_end : index + 1;
    enter(model, index, start, size);
    expect_within_budget(model, &model->blocks[index]);
    if (content == CN_CONTENT_ZERO) {
        CN_EXPECT(cn_pattern_is_zero(start, size), "a block of calloc is zero");
    }
    fill_new(model, &model->blocks[index]);
}

void cn_model_forget(struct cn_model *model, size_t index) {
    struct cn_model_block *block = &model->blocks[index];
    if (block->start != NULL) {
        leave(model, block);
        block->start = NULL;
    }
    while (model->block_end > 0 && model->blocks[model->block_end - 1].start == NULL) {
        model->block_end--;
    }
}

void *cn_model_take(struct cn_model *model, size_t index) {
    void *start = block_at(model, index)->start;
    cn_model_check_block(model, index);
    cn_model_forget(model, index);
    return start;
}

void cn_model_before_resize(struct cn_model *model, size_t index) {
    struct cn_model_block *block = block_at(model, index);
    cn_model_check_block(model, index);
    if (block->head_bytes < block->size && block->size <= RESIZE_WHOLE_BYTES) {
        fill(model, block, block->size);
    }
}

void cn_model_resized(struct cn_model *model, size_t index, void *start, size_t size) {
    struct cn_model_block *block = block_at(model, index);
    leave(model, block);
    struct cn_model_block old = *block;
    block->alignment = 0;
    enter(model, index, start, size);
    if (size > old.usable_bytes) {
        expect_within_budget(model, block);
    }
    cn_model_tell_written(model, start,
                          old.usable_bytes < block->usable_bytes ? old.usable_bytes : block->usable_bytes);
    old.start = start;
    expect_contents(&old, size, "realloc keeps what both sizes have in common");
    fill_new(model, block);
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

/* The most that a request can need. The debug form puts bytes of its own before a block, however it is aligned. */
static size_t most_needed(const struct cn_model *model, size_t size, size_t alignment) {
    if (model->is_debug_form) {
        size += alignment + EXTRA_BYTES;
    }
    if (size <= BLOCK_MAX_BYTES && alignment <= BLOCK_MAX_BYTES) {
        return 1; /* a pool is taken where anything of the budget is left */
    }
    return ((size == 0 ? 1 : size) + SPAN_UNIT_BYTES - 1) / SPAN_UNIT_BYTES * SPAN_UNIT_BYTES;
}

/* Whether the heap, as it now stands, has no room for the request in its budget. */
static bool is_beyond_budget(const struct cn_model *model, unsigned heap, size_t size, size_t alignment) {
    const struct cn_model_heap *asked = &model->heaps[heap];
    if (asked->budget_bytes == 0) {
        return false;
    }
    struct cairn_stats stats;
    cairn_heap_stats_get(asked->handle, &stats);
    return stats.pool_bytes + stats.span_bytes + most_needed(model, size, alignment) > asked->budget_bytes;
}

void cn_model_refused(const struct cn_model *model, unsigned heap, size_t size, size_t alignment, size_t old_size,
                      int error) {
    bool is_power = alignment == 0 || (alignment & (alignment - 1)) == 0;
    if (!is_power) {
        CN_EXPECT(error == EINVAL, "an alignment that is no power of two is EINVAL");
        return;
    }
    CN_EXPECT(error == ENOMEM, "a refusal sets errno to ENOMEM");
    /* The debug form's blocks move whenever they are resized. */
    CN_EXPECT(size > old_size || old_size == 0 || model->is_debug_form, "a block can always become smaller");
    if (model->null_rule == CN_NULL_FOR_A_REASON && size <= sure_bytes && alignment <= sure_bytes) {
        CN_EXPECT(is_beyond_budget(model, heap, size, alignment), "a request is refused for a reason only");
    }
}

/* ---- heaps --------------------------------------------------------------------------------------------------- */

void cn_model_heap_created(struct cn_model *model, unsigned heap, struct cairn_heap *handle, size_t budget_bytes) {
    for (unsigned i = 0; i < CN_MODEL_HEAPS; i++) {
        CN_EXPECT(model->heaps[i].handle != handle, "a new heap is none of those that are there");
    }
    struct cairn_stats stats;
    cairn_heap_stats_get(handle, &stats);
    CN_EXPECT(stats.block_count == 0 && stats.peak_used_bytes == 0, "a new heap has held nothing yet");
    model->heaps[heap] = (struct cn_model_heap){.handle = handle, .budget_bytes = budget_bytes};
}

void cn_model_heap_ends(struct cn_model *model, unsigned heap) {
    for (size_t i = 0; i < model->block_end; i++) {
        if (model->blocks[i].start != NULL && model->blocks[i].heap == heap) {
            (void)cn_model_take(model, i);
        }
    }
    model->heaps[heap] = (struct cn_model_heap){0};
}
