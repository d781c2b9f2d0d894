/*
 * play_state.h: what the files of play.h share: the state of a run, and the functions that perform operations.
 */
#ifndef CAIRN_FUZZ_PLAY_STATE_H
#define CAIRN_FUZZ_PLAY_STATE_H

#include "fuzz/crew.h"
#include "fuzz/play.h"

/* Records of the model: first the slots, then the blocks of bursts. */
enum { CN_PLAY_BURST_END = 4096 + CN_PROGRAM_SLOTS };

#define CN_PLAY_NOT_BUSY SIZE_MAX

/* The argument of a heap's callback. */
struct cn_play_callback {
    struct cn_play *play; /* NULL: the heap has no callback */
    unsigned heap;
    bool was_called; /* in the request that is going on */
};

struct cn_play {
    struct cn_model model;
    struct cn_crew crew;
    size_t burst_end;     /* where the next block of a burst goes */
    size_t busy;          /* the record that is being resized */
    size_t touched_bytes; /* of large blocks, by this program so far; in the debug form */
    unsigned check_count; /* by this program so far */
    struct cn_play_callback callbacks[CN_MODEL_HEAPS];
};

/* The heap's handle; NULL for the default heap, and where there is no memory for one more. */
struct cairn_heap *cn_play_heap(struct cn_play *play, unsigned heap);
void cn_play_destroy_heap(struct cn_play *play, unsigned heap);

/* Frees the block of the record, if there is one. */
void cn_play_free(struct cn_play *play, size_t index);
/* Whether memory is to be given back where the operation says so. In the debug form it is one time in four: then all
 * pages are new, and most of the time goes into them. */
bool cn_play_is_to_trim(const struct cn_play *play, const struct cn_operation *operation);
/* All blocks, and all named heaps. */
void cn_play_free_all(struct cn_play *play);

typedef void cn_play_perform(struct cn_play *play, const struct cn_operation *operation);

cn_play_perform cn_play_do_allocate, cn_play_do_resize, cn_play_do_free, cn_play_do_free_sized, cn_play_do_free_some,
    cn_play_do_burst, cn_play_do_burst_free, cn_play_do_usable_size, cn_play_do_write;
cn_play_perform cn_play_do_heap_create, cn_play_do_heap_destroy, cn_play_do_check, cn_play_do_walk,
    cn_play_do_walk_and_free, cn_play_do_stats, cn_play_do_heap_stats, cn_play_do_trim;

#endif
