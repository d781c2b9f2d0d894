/*
 * play_blocks.c: operations on single blocks, and on bursts of them.
 */
#include <errno.h>

#include "fuzz/expect.h"
#include "fuzz/play_state.h"

/* A large request that would make more than this live is left out: it would only be slow. In the debug form all are,
 * since spans get new pages each time, which it fills: there a program gets no more when it has touched so much of
 * them. */
static const size_t live_max_bytes = (size_t)64 << 20;
static const size_t debug_live_max_bytes = (size_t)16 << 20;
static const size_t debug_touched_max_bytes = (size_t)1 << 20;
static const size_t large_bytes = (size_t)32 << 10;
/* Sizes above are asked for all the same: no system has them. */
static const size_t absurd_bytes = (size_t)1 << 46;

/* What errno is before a call that must not change it. */
enum { ERRNO_KEPT = 4095 };

/* ---- allocating -------------------------------------------------------------------------------------------------- */

/* Frees the block of the record, or NULL. `through_heap`: by the call for its heap, where it has one. */
static void free_block(struct cn_play *play, size_t index, bool through_heap) {
    const struct cn_model_block *block = &play->model.blocks[index];
    struct cairn_heap *handle = play->model.heaps[block->heap].handle;
    void *start = block->start != NULL ? cn_model_take(&play->model, index) : NULL;
    errno = ERRNO_KEPT;
    if (through_heap && handle != NULL) {
        cairn_heap_free(handle, start);
    } else {
        cairn_free(start);
    }
    CN_EXPECT(errno == ERRNO_KEPT, "free keeps errno");
}

void cn_play_free(struct cn_play *play, size_t index) {
    if (play->model.blocks[index].start != NULL) {
        free_block(play, index, false);
    }
}

static size_t live_bytes(const struct cn_play *play) {
    size_t live = 0;
    for (unsigned i = 0; i < CN_MODEL_HEAPS; i++) {
        live += play->model.heaps[i].asked_bytes;
    }
    return live;
}

/* What is touched of a large block that is made in the debug form: what is filled, cleared or copied. */
static size_t touched_bytes(enum cn_operation_kind kind, size_t bytes) {
    enum { FILLED_BYTES = 128 << 10, MOVED_MIN_BYTES = 1 << 20 };
    bool is_copied = (kind == CN_OP_REALLOC || kind == CN_OP_REALLOCARRAY) && bytes < MOVED_MIN_BYTES;
    return kind == CN_OP_CALLOC || is_copied || bytes < FILLED_BYTES ? bytes : FILLED_BYTES;
}

/* Whether a request of so many bytes is left out. */
static bool is_too_much(struct cn_play *play, enum cn_operation_kind kind, size_t bytes) {
    if (bytes < large_bytes || bytes >= absurd_bytes) {
        return false;
    }
    if (!play->model.is_debug_form) {
        return live_bytes(play) + bytes > live_max_bytes;
    }
    if (live_bytes(play) + bytes > debug_live_max_bytes || play->touched_bytes > debug_touched_max_bytes) {
        return true;
    }
    play->touched_bytes += touched_bytes(kind, bytes);
    return false;
}

static void *allocate(struct cairn_heap *heap, const struct cn_operation *operation) {
    switch (operation->kind) {
    case CN_OP_CALLOC:
        return heap != NULL ? cairn_heap_calloc(heap, operation->count, operation->size)
                            : cairn_calloc(operation->count, operation->size);
    case CN_OP_ALIGNED_ALLOC:
        return heap != NULL ? cairn_heap_aligned_alloc(heap, operation->alignment, operation->size)
                            : cairn_aligned_alloc(operation->alignment, operation->size);
    default:
        return heap != NULL ? cairn_heap_malloc(heap, operation->size) : cairn_malloc(operation->size);
    }
}

/* A request was refused; those that no system could grant are refused at once. */
static void expect_called(const struct cn_play_callback *callback, size_t bytes, int error) {
    enum { GRANTABLE_BYTES = 1 << 30 };
    bool is_due = callback->play != NULL && callback->play->model.null_rule != CN_NULL_ON_PURPOSE;
    CN_EXPECT(!is_due || callback->was_called || error != ENOMEM || bytes > GRANTABLE_BYTES,
              "a heap's callback is called before a request is refused");
}

/* Allocates as the operation says, for the record `index`. False where that was refused. */
static bool allocate_into(struct cn_play *play, const struct cn_operation *operation, size_t index) {
    size_t bytes = cn_operation_bytes(operation);
    size_t alignment = operation->kind == CN_OP_ALIGNED_ALLOC ? operation->alignment : 0;
    bool is_bad = operation->kind == CN_OP_ALIGNED_ALLOC && alignment == 0; /* 0 is no power of two either */
    struct cairn_heap *heap = cn_play_heap(play, operation->heap);
    unsigned number = heap != NULL ? operation->heap : 0;
    if (is_too_much(play, operation->kind, bytes)) {
        return false;
    }
    play->callbacks[number].was_called = false;
    errno = 0;
    void *start = allocate(heap, operation);
    if (start == NULL) {
        int error = errno;
        cn_model_refused(&play->model, number, bytes, is_bad ? 3 : alignment, 0, error);
        expect_called(&play->callbacks[number], bytes > alignment ? bytes : alignment, error);
        return false;
    }
    CN_EXPECT(!is_bad && (alignment & (alignment - 1)) == 0, "an alignment that is no power of two is refused");
    cn_model_put(&play->model, index, number, start, bytes, alignment,
                 operation->kind == CN_OP_CALLOC ? CN_CONTENT_ZERO : CN_CONTENT_ANY);
    return true;
}

void cn_play_do_allocate(struct cn_play *play, const struct cn_operation *operation) {
    cn_play_free(play, operation->slot);
    (void)allocate_into(play, operation, operation->slot);
}

/* ---- resizing ------------------------------------------------------------------------------------------------ */

static void *resize(struct cn_play *play, const struct cn_operation *operation) {
    const struct cn_model_block *block = &play->model.blocks[operation->slot];
    struct cairn_heap *handle = play->model.heaps[block->heap].handle;
    if (operation->kind == CN_OP_REALLOCARRAY) {
        return cairn_reallocarray(block->start, operation->count, operation->size);
    }
    if (handle != NULL && operation->extra % 2 == 0) {
        return cairn_heap_realloc(handle, block->start, operation->size);
    }
    return cairn_realloc(block->start, operation->size);
}

static void resize_block(struct cn_play *play, const struct cn_operation *operation) {
    struct cn_model *model = &play->model;
    struct cn_model_block *block = &model->blocks[operation->slot];
    size_t bytes = cn_operation_bytes(operation);
    if (bytes == 0) {
        void *start = block->start;
        (void)cn_model_take(model, operation->slot);
        CN_EXPECT(cairn_realloc(start, 0) == NULL, "realloc to no bytes frees");
        return;
    }
    cn_model_before_resize(model, operation->slot);
    play->busy = operation->slot;
    errno = 0;
    void *start = resize(play, operation);
    play->busy = CN_PLAY_NOT_BUSY;
    if (start == NULL) {
        cn_model_refused(model, block->heap, bytes, 0, block->size, errno);
        cn_model_check_block(model, operation->slot);
    } else {
        cn_model_resized(model, operation->slot, start, bytes);
    }
}

/* What is not there is resized from the default heap. */
void cn_play_do_resize(struct cn_play *play, const struct cn_operation *operation) {
    size_t bytes = cn_operation_bytes(operation);
    if (is_too_much(play, operation->kind, bytes)) {
        return;
    }
    if (play->model.blocks[operation->slot].start != NULL) {
        resize_block(play, operation);
        return;
    }
    errno = 0;
    void *start = operation->kind == CN_OP_REALLOCARRAY ? cairn_reallocarray(NULL, operation->count, operation->size)
                                                        : cairn_realloc(NULL, operation->size);
    if (start != NULL) {
        cn_model_put(&play->model, operation->slot, 0, start, bytes, 0, CN_CONTENT_ANY);
    } else {
        cn_model_refused(&play->model, 0, bytes, 0, 0, errno);
    }
}

/* ---- freeing ------------------------------------------------------------------------------------------------- */

void cn_play_do_free(struct cn_play *play, const struct cn_operation *operation) {
    free_block(play, operation->slot, operation->extra % 2 == 0);
}

void cn_play_do_free_sized(struct cn_play *play, const struct cn_operation *operation) {
    struct cn_model_block block = play->model.blocks[operation->slot];
    if (block.start == NULL) {
        cairn_free_sized(NULL, operation->size);
        return;
    }
    (void)cn_model_take(&play->model, operation->slot);
    errno = ERRNO_KEPT;
    if (block.alignment != 0) {
        cairn_free_aligned_sized(block.start, block.alignment, block.size);
    } else {
        cairn_free_sized(block.start, block.size);
    }
    CN_EXPECT(errno == ERRNO_KEPT, "free keeps errno");
}

void cn_play_do_free_some(struct cn_play *play, const struct cn_operation *operation) {
    for (size_t slot = operation->slot; slot < CN_PROGRAM_SLOTS; slot += operation->count) {
        cn_play_free(play, slot);
    }
}

void cn_play_do_burst(struct cn_play *play, const struct cn_operation *operation) {
    size_t count = operation->count;
    for (; count > 0 && play->burst_end < CN_PLAY_BURST_END; count--) {
        if (!allocate_into(play, operation, play->burst_end)) {
            return;
        }
        play->burst_end++;
    }
}

/* Whether the burst's block is to go; `extra` says by what rule. */
static bool is_chosen(const struct cn_operation *operation, size_t place, size_t end) {
    switch (operation->extra) {
    case 0:
    case 1:
        return true;
    case 2:
        return place % 2 == 0;
    case 3:
        return place % 16 != 0;
    case 4:
        return place < operation->count;
    case 5:
        return place + operation->count >= end;
    case 6:
        return place % (operation->count + 1) == 0;
    default:
        return place * 2 > end;
    }
}

void cn_play_do_burst_free(struct cn_play *play, const struct cn_operation *operation) {
    size_t end = play->burst_end;
    for (size_t i = CN_PROGRAM_SLOTS; i < end; i++) {
        size_t index = operation->extra == 0 ? end - 1 - (i - CN_PROGRAM_SLOTS) : i;
        if (is_chosen(operation, index - CN_PROGRAM_SLOTS, end - CN_PROGRAM_SLOTS)) {
            cn_play_free(play, index);
        }
    }
    while (play->burst_end > CN_PROGRAM_SLOTS && play->model.blocks[play->burst_end - 1].start == NULL) {
        play->burst_end--;
    }
}

void cn_play_do_usable_size(struct cn_play *play, const struct cn_operation *operation) {
    const struct cn_model_block *block = &play->model.blocks[operation->slot];
    if (block->start == NULL) {
        CN_EXPECT(cairn_usable_size(NULL) == 0, "NULL has no usable bytes");
        return;
    }
    cn_model_check_block(&play->model, operation->slot);
    struct cairn_heap *handle = play->model.heaps[block->heap].handle;
    if (handle != NULL) {
        CN_EXPECT(cairn_heap_usable_size(handle, block->start) == block->usable_bytes,
                  "a heap tells the same usable size");
    }
}

void cn_play_do_write(struct cn_play *play, const struct cn_operation *operation) {
    if (play->model.blocks[operation->slot].start != NULL) {
        cn_model_write(&play->model, operation->slot);
    }
}
