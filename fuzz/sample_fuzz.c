/*
 * sample_fuzz.c: programs in the release form with some of their blocks on guarded pages, and requests counted, as
 * options would have it. The model holds, and nothing is reported.
 *
 *   byte 0     one block in how many is guarded; guard_side; whether requests are counted
 *   byte 1     the seed
 *   byte 2, 3  nothing, so that a program starts at a multiple of four
 *   the rest   a program (program.h)
 */
#include "alloc/cairn.h"
#include "alloc/guard.h"
#include "alloc/requested.h"
#include "alloc/sample.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/play.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { RATES = 8, BEFORE = 0x10, COUNTED = 0x20 };

static struct cn_play *play;
static struct cn_bytes input;

static void run_program(void *argument) {
    static const uint64_t rates[RATES] = {1, 2, 3, 7, 20, 100, 1000, UINT64_MAX};
    uint8_t settings = cn_bytes_take(&input);
    (void)argument;
    if ((settings & COUNTED) != 0) {
        cn_requested_enable();
    }
    cn_guard_start((settings & BEFORE) != 0 ? CN_GUARD_BEFORE : CN_GUARD_AFTER);
    cn_sample_start(rates[settings % RATES], 1 + (uint64_t)cn_bytes_take(&input));
    (void)cn_bytes_take_number(&input, 2);
    cn_play_run(play, input.next, (size_t)(input.end - input.next), CN_PROGRAM_SEQUENCE);
    CN_EXPECT(cairn_check(), "all invariants hold");
    CN_EXPECT(cn_guard_live_count() == 0, "no block is left on guarded pages");
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_renew_keep();
    play = cn_play_init(CN_NULL_FOR_A_REASON);
    cn_play_expect_guarded(play);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_renew();
    input = cn_bytes_of(data, size);
    cn_system_run_quietly(run_program, NULL);
    return 0;
}
