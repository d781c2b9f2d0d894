#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/expect.h"
#include "fuzz/operations.h"
#include "fuzz/pattern.h"
#include "fuzz/play_state.h"

static struct cn_play the_play;

struct cn_play *cn_play_init(enum cn_model_null null_rule) {
    cn_model_init(&the_play.model, null_rule);
    the_play.burst_end = CN_PROGRAM_SLOTS;
    the_play.busy = CN_PLAY_NOT_BUSY;
    return &the_play;
}

void cn_play_tell_written(struct cn_play *play, cn_model_written_fn *on_written) {
    play->model.on_written = on_written;
}

void cn_play_expect_guarded(struct cn_play *play) { play->model.has_guarded = true; }

static cn_play_perform *const performers[CN_OP_KINDS] = {
    [CN_OP_MALLOC] = cn_play_do_allocate,
    [CN_OP_CALLOC] = cn_play_do_allocate,
    [CN_OP_ALIGNED_ALLOC] = cn_play_do_allocate,
    [CN_OP_REALLOC] = cn_play_do_resize,
    [CN_OP_REALLOCARRAY] = cn_play_do_resize,
    [CN_OP_FREE] = cn_play_do_free,
    [CN_OP_FREE_SIZED] = cn_play_do_free_sized,
    [CN_OP_FREE_SOME] = cn_play_do_free_some,
    [CN_OP_USABLE_SIZE] = cn_play_do_usable_size,
    [CN_OP_WRITE] = cn_play_do_write,
    [CN_OP_BURST] = cn_play_do_burst,
    [CN_OP_BURST_FREE] = cn_play_do_burst_free,
    [CN_OP_HEAP_CREATE] = cn_play_do_heap_create,
    [CN_OP_HEAP_DESTROY] = cn_play_do_heap_destroy,
    [CN_OP_CHECK] = cn_play_do_check,
    [CN_OP_WALK] = cn_play_do_walk,
    [CN_OP_WALK_AND_FREE] = cn_play_do_walk_and_free,
    [CN_OP_STATS] = cn_play_do_stats,
    [CN_OP_HEAP_STATS] = cn_play_do_heap_stats,
    [CN_OP_TRIM] = cn_play_do_trim,
};

/* ---- by one thread ------------------------------------------------------------------------------------------- */

/* A stretch of a program that one thread performs. */
struct stretch {
    struct cn_play *play;
    const uint8_t *data;
    enum cn_program_shape shape;
    size_t next; /* the first operation that is not performed yet */
    size_t end;  /* of the program */
};

/* Whether the operation is none for the thread that has its turn, but concerns all. */
static bool is_for_crew(enum cn_operation_kind kind) {
    return kind == CN_OP_HAND_OVER || kind == CN_OP_THREAD_END || kind == CN_OP_START_OVER;
}

static void perform_stretch(unsigned thread, void *argument) {
    struct stretch *stretch = argument;
    size_t first = stretch->next;
    (void)thread;
    for (; stretch->next < stretch->end; stretch->next++) {
        struct cn_operation operation = cn_program_operation(stretch->data, stretch->next, stretch->shape);
        if (is_for_crew(operation.kind)) {
            break;
        }
        performers[operation.kind](stretch->play, &operation);
    }
    cn_operations_add(stretch->next - first);
}

/* ---- by all threads at once ---------------------------------------------------------------------------------- */

/* Blocks of the size come and go, while the other threads do the like. */
static void churn(const struct cn_model *model, const struct cn_model_block *block) {
    enum { BLOCKS = 4 };
    size_t size = block->size < CN_MODEL_WHOLE_BYTES ? block->size : CN_MODEL_WHOLE_BYTES;
    unsigned char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = cairn_malloc(size);
        CN_EXPECT(blocks[i] != NULL, "there is memory for small blocks");
        cn_pattern_fill(blocks[i], 0, size, block->seed + i);
        cn_model_tell_written(model, blocks[i], size);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        CN_EXPECT(cn_pattern_is_there(blocks[i], 0, size, block->seed + i), "a block's contents stay as they were");
        cairn_free(blocks[i]);
    }
}

static void free_share(unsigned thread, void *argument) {
    struct cn_play *play = argument;
    for (size_t i = 0; i < play->model.block_end; i++) {
        const struct cn_model_block *block = &play->model.blocks[i];
        if (block->start != NULL && cn_crew_share(&play->crew, i) == thread) {
            cn_model_check_block(&play->model, i);
            cairn_free(block->start);
            churn(&play->model, block);
        }
    }
}

/* What is live at the end of the program is freed by all threads that are there. No input decides who comes first. */
static void finish_at_once(struct cn_play *play) {
    cn_crew_run_all(&play->crew, free_share, play);
    while (play->model.block_end > 0) {
        cn_model_forget(&play->model, play->model.block_end - 1);
    }
}

/* ---- the program --------------------------------------------------------------------------------------------- */

static void start_over(struct cn_play *play, const struct cn_operation *operation) {
    cn_play_free_all(play);
    cn_crew_end_all(&play->crew);
    if (cn_play_is_to_trim(play, operation)) {
        (void)cairn_trim();
    }
    cn_model_check_returned(&play->model);
}

/* What the operation after a stretch is for the crew. Returns the thread whose turn is next. */
static unsigned perform_for_crew(struct cn_play *play, const struct cn_operation *operation, unsigned thread) {
    switch (operation->kind) {
    case CN_OP_START_OVER:
        start_over(play, operation);
        return 0;
    case CN_OP_THREAD_END:
        cn_crew_end(&play->crew, thread);
        return operation->thread;
    default:
        return operation->thread;
    }
}

/* Performs the operations up to `end`. `*thread` has its turn first, and becomes the one whose turn is next. */
static void perform(struct stretch *stretch, size_t end, unsigned *thread) {
    struct cn_play *play = stretch->play;
    stretch->end = end;
    while (stretch->next < end) {
        cn_crew_run(&play->crew, *thread, perform_stretch, stretch);
        if (stretch->next < end) {
            struct cn_operation operation = cn_program_operation(stretch->data, stretch->next, stretch->shape);
            *thread = perform_for_crew(play, &operation, *thread);
            stretch->next++;
        }
    }
}

static void finish(struct cn_play *play, enum cn_program_shape shape) {
    play->touched_bytes = 0;
    play->check_count = 0;
    if (shape == CN_PROGRAM_CREW) {
        finish_at_once(play);
    }
    cn_play_free_all(play);
    cn_crew_end_all(&play->crew);
}

void cn_play_run(struct cn_play *play, const uint8_t *data, size_t size, enum cn_program_shape shape) {
    struct stretch stretch = {.play = play, .data = data, .shape = shape};
    unsigned thread = 0;
    play->model.has_crew = shape == CN_PROGRAM_CREW;
    perform(&stretch, cn_program_length(size), &thread);
    finish(play, shape);
}

/* ---- with a fork --------------------------------------------------------------------------------------------- */

static _Noreturn void be_child(struct stretch *stretch, size_t end) {
    struct cn_play *play = stretch->play;
    unsigned thread = 0;
    cn_crew_forget(&play->crew);
    CN_EXPECT(cairn_check(), "every invariant holds in the child of a fork");
    cn_model_check_all(&play->model);
    cn_model_check_walk(&play->model);
    perform(stretch, end, &thread);
    finish(play, CN_PROGRAM_CREW);
    (void)cairn_trim();
    cn_model_check_trimmed(&play->model);
    CN_EXPECT(cairn_check(), "every invariant holds at the end of the child");
    _exit(EXIT_SUCCESS);
}

void cn_play_run_forked(struct cn_play *play, const uint8_t *data, size_t size, size_t fork_at) {
    struct stretch stretch = {.play = play, .data = data, .shape = CN_PROGRAM_CREW};
    size_t end = cn_program_length(size);
    unsigned thread = 0;
    int status = 0;
    play->model.has_crew = true;
    perform(&stretch, fork_at < end ? fork_at : end, &thread);
    pid_t child = fork();
    CN_EXPECT(child >= 0, "a process can fork");
    if (child == 0) {
        be_child(&stretch, end);
    }
    while (waitpid(child, &status, 0) != child) {
        CN_EXPECT(errno == EINTR, "a child can be waited for");
    }
    CN_EXPECT(status == 0, "the child of a fork comes to its end");
    perform(&stretch, end, &thread);
    finish(play, CN_PROGRAM_CREW);
}
