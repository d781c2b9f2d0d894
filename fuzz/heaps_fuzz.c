/*
 * heaps_fuzz.c: one thread's operations on named heaps, with budgets and callbacks, against the model.
 */
#include "fuzz/fuzzer.h"
#include "fuzz/play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct cn_play *play;
    play = play != NULL ? play : cn_play_init(CN_NULL_FOR_A_REASON);
    cn_play_run(play, data, size, CN_PROGRAM_HEAPS_ALL);
    return 0;
}
