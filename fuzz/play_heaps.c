/*
 * play_heaps.c: named heaps, and operations that look at heaps as a whole.
 */
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include <string.h>

#include "fuzz/expect.h"
#include "fuzz/play_state.h"

/* A heap at its budget lets go of its first block, but not of the one that is being resized. */
static void free_first_block(struct cairn_heap *handle, size_t size, void *argument) {
    struct cn_play_callback *callback = argument;
    struct cn_model *model = &callback->play->model;
    (void)size;
    callback->was_called = true;
    for (size_t i = 0; i < model->block_end; i++) {
        if (model->blocks[i].start != NULL && model->blocks[i].heap == callback->heap && i != callback->play->busy) {
            cairn_heap_free(handle, cn_model_take(model, i));
            return;
        }
    }
}

void cn_play_destroy_heap(struct cn_play *play, unsigned heap) {
    struct cairn_heap *handle = play->model.heaps[heap].handle;
    if (handle != NULL) {
        cn_model_heap_ends(&play->model, heap);
        cairn_heap_destroy(handle);
    }
}

static void expect_name(const struct cairn_heap *handle, const char *name) {
    enum { KEPT_BYTES = 31 };
    const char *kept = cairn_heap_name(handle);
    CN_EXPECT(strlen(kept) <= KEPT_BYTES && strncmp(kept, name, KEPT_BYTES) == 0, "a heap keeps 31 bytes of its name");
}

static void create_heap(struct cn_play *play, unsigned heap, size_t budget_bytes, bool has_callback) {
    static const char *const names[CN_MODEL_HEAPS] = {"", "", "a name of 31 bytes is kept whole",
                                                      "a name of more than 31 bytes is kept in part"};
    struct cairn_heap_options options = {.budget_bytes = budget_bytes};
    play->callbacks[heap] = (struct cn_play_callback){NULL, heap, false};
    if (has_callback) {
        play->callbacks[heap].play = play;
        options.on_budget = free_first_block;
        options.argument = &play->callbacks[heap];
    }
    struct cairn_heap *handle = cairn_heap_create(names[heap], &options);
    CN_EXPECT(handle != NULL || play->model.null_rule == CN_NULL_ANYTIME, "a heap can be created");
    if (handle != NULL) {
        expect_name(handle, names[heap]);
        cn_model_heap_created(&play->model, heap, handle, budget_bytes);
    }
}

/* The heap's handle; NULL for the default heap, and where there is no memory for one more. */
struct cairn_heap *cn_play_heap(struct cn_play *play, unsigned heap) {
    if (heap != 0 && play->model.heaps[heap].handle == NULL) {
        create_heap(play, heap, 0, false);
    }
    return play->model.heaps[heap].handle;
}

void cn_play_do_heap_create(struct cn_play *play, const struct cn_operation *operation) {
    cn_play_destroy_heap(play, operation->heap);
    create_heap(play, operation->heap, operation->size, operation->slot % 2 != 0);
}

void cn_play_do_heap_destroy(struct cn_play *play, const struct cn_operation *operation) {
    cn_play_destroy_heap(play, operation->heap);
}

/* No thread but this one is at work: also where a fuzzer has one of its own, cairn_check is to look at what it looks at
 * only in a process with one thread. */
static void check_at_rest(void) {
#if __has_include(<sys/single_threaded.h>)
    char was_single_threaded = __libc_single_threaded;
    __libc_single_threaded = 1;
    CN_EXPECT(cairn_check(), "every invariant holds");
    __libc_single_threaded = was_single_threaded;
#else
    CN_EXPECT(cairn_check(), "every invariant holds");
#endif
}

bool cn_play_is_to_trim(const struct cn_play *play, const struct cn_operation *operation) {
    enum { DEBUG_SHARE = 4 };
    return !play->model.is_debug_form || operation->slot % DEBUG_SHARE == 0;
}

/* In the debug form a program has the whole region looked at so many times: more would take half of the time. */
void cn_play_do_check(struct cn_play *play, const struct cn_operation *operation) {
    enum { DEBUG_CHECKS_MAX = 2 };
    (void)operation;
    cn_model_check_all(&play->model);
    if (!play->model.is_debug_form || play->check_count < DEBUG_CHECKS_MAX) {
        play->check_count++;
        check_at_rest();
    }
}

void cn_play_do_walk(struct cn_play *play, const struct cn_operation *operation) {
    if (cn_play_heap(play, operation->heap) != NULL) {
        cn_model_check_heap_walk(&play->model, operation->heap);
    } else {
        cn_model_check_walk(&play->model);
    }
}

void cn_play_do_walk_and_free(struct cn_play *play, const struct cn_operation *operation) {
    (void)operation;
    cn_model_walk_and_free(&play->model);
}

void cn_play_do_stats(struct cn_play *play, const struct cn_operation *operation) {
    (void)operation;
    cn_model_check_stats(&play->model);
}

void cn_play_do_heap_stats(struct cn_play *play, const struct cn_operation *operation) {
    if (cn_play_heap(play, operation->heap) != NULL) {
        cn_model_check_heap_stats(&play->model, operation->heap);
    }
}

void cn_play_do_trim(struct cn_play *play, const struct cn_operation *operation) {
    if (cn_play_is_to_trim(play, operation)) {
        (void)cairn_trim();
        cn_model_check_trimmed(&play->model);
        cn_model_check_all(&play->model);
    }
}

void cn_play_free_all(struct cn_play *play) {
    while (play->model.block_end > 0) {
        cn_play_free(play, play->model.block_end - 1);
    }
    for (unsigned heap = 1; heap < CN_MODEL_HEAPS; heap++) {
        cn_play_destroy_heap(play, heap);
    }
    play->burst_end = CN_PROGRAM_SLOTS;
}
