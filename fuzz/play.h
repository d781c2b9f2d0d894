/*
 * play.h: runs a program (program.h) on the allocator, through cairn.h alone, under the eyes of the model.
 *
 * Each run starts with no block, no named heap and no thread of its own, and ends so.
 */
#ifndef CAIRN_FUZZ_PLAY_H
#define CAIRN_FUZZ_PLAY_H

#include "fuzz/model.h"
#include "fuzz/program.h"

struct cn_play;

/* The one player there is. `null_rule` is for all of its runs. */
struct cn_play *cn_play_init(enum cn_model_null null_rule);

/* From now on some blocks may lie on guarded pages. */
void cn_play_expect_guarded(struct cn_play *play);

/* From now on somebody is told what the program writes into blocks: where they may not be zero. */
void cn_play_tell_written(struct cn_play *play, cn_model_written_fn *on_written);

/* Runs the program of an input, whole. */
void cn_play_run(struct cn_play *play, const uint8_t *data, size_t size, enum cn_program_shape shape);

/* The same by a crew, and before the operation number `fork_at`, or at the end, the process forks: parent and child
 * both go on with the rest, the child without the threads that were there. */
void cn_play_run_forked(struct cn_play *play, const uint8_t *data, size_t size, size_t fork_at);

#endif
