/*
 * alone.h: programs (program.h) as inputs that are all there is: each is run (play.h) on an allocator as it is before
 * its first call, so that what it finds it finds again.
 */
#ifndef CAIRN_FUZZ_ALONE_H
#define CAIRN_FUZZ_ALONE_H

#include "fuzz/play.h"

void cn_alone_run(const uint8_t *data, size_t size, enum cn_program_shape shape);

/* The same with a fork: as cn_play_run_forked. */
void cn_alone_run_forked(const uint8_t *data, size_t size, size_t fork_at);

#endif
