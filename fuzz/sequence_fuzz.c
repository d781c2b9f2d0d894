/*
 * sequence_fuzz.c: one thread's operations, mostly on its default heap, against the model.
 */
#include "fuzz/fuzzer.h"
#include "fuzz/play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct cn_play *play;
    play = play != NULL ? play : cn_play_init(CN_NULL_FOR_A_REASON);
    cn_play_run(play, data, size, CN_PROGRAM_SEQUENCE);
    return 0;
}
