/*
 * oom_fuzz.c: a sequence of operations on a system that refuses. The input says which system calls fail, and when: of
 * all calls that the allocator makes, the k-th fails where bit k of a plan is set.
 *
 *   byte 0        which calls can fail at all: enum cn_system_call in its low bits; the rest is the plan's length in bytes,
 *                 from 0 to 7, times 4
 *   the plan      a bit for each such call, from the first on
 *   the rest      a program (program.h)
 *
 * NULL may come at any time then, with ENOMEM, and nothing else may change for that: the model holds, blocks keep what
 * they hold, and nobody is ended. When the program is over the system refuses no more, and all must be as if it never
 * had: blocks of every size are to be had, all memory goes back, and all invariants hold.
 */
#include <stdlib.h>

#include "alloc/cairn.h"
#include "alloc/direct.h"
#include "alloc/form.h"
#include "alloc/geometry.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/play.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { KIND_BITS = 5, PLAN_UNIT_BYTES = 4, PLAN_BYTES_MAX = 28 };

static struct cn_play *play;
static struct cn_bytes input;
static unsigned failing; /* kinds of calls, cn_system_call */

static void run_program(void *argument) {
    (void)argument;
    cn_play_run(play, input.next, (size_t)(input.end - input.next), CN_PROGRAM_SEQUENCE);
}

static void use_again(void *argument) {
    static const size_t sizes[] = {1, 1000, 60000, 100000, 3 << 20};
    void *blocks[sizeof sizes / sizeof sizes[0]];
    (void)argument;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        blocks[i] = cairn_malloc(sizes[i]);
        CN_EXPECT(blocks[i] != NULL, "there is memory again");
    }
    CN_EXPECT(cairn_check(), "all invariants hold");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cairn_free(blocks[i]);
    }
    (void)cairn_trim();
    CN_EXPECT(cairn_check(), "all invariants hold after a trim");
}

/* Of blocks outside the region nothing stays but their table, where the system unmaps what it is told to. */
static void expect_nothing_left(void) {
    const size_t table_bytes = (size_t)CN_DIRECT_ENTRIES * 2 * sizeof(uintptr_t);
    CN_EXPECT(cn_direct_total_bytes() == 0, "no block outside the region is left");
    CN_EXPECT((failing & CN_SYSTEM_UNMAP) != 0 || cn_system_mapped_bytes() <= table_bytes,
              "the memory of blocks outside the region goes back");
}

/* The part of the input that says what fails. */
static void take_plan(void) {
    static uint8_t plan[PLAN_BYTES_MAX];
    uint8_t first = cn_bytes_take(&input);
    size_t length = (size_t)(first >> KIND_BITS) * PLAN_UNIT_BYTES;
    for (size_t i = 0; i < length; i++) {
        plan[i] = cn_bytes_take(&input);
    }
    failing = first & CN_SYSTEM_ANY;
    cn_system_plan(failing, plan, length);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    if (!CAIRN_DEBUG) {
        cn_renew_keep();
    }
    play = cn_play_init(CN_NULL_ANYTIME);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* What the debug form keeps beside the core is not begun anew; the program leaves nothing behind either. */
    if (!CAIRN_DEBUG) {
        cn_renew();
    }
    input = cn_bytes_of(data, size);
    take_plan();
    cn_system_run_quietly(run_program, NULL);
    cn_system_plan(0, NULL, 0);
    cn_system_run_quietly(use_again, NULL);
    if (!CAIRN_DEBUG) {
        expect_nothing_left();
    }
    cn_system_unmap_refused();
    return 0;
}
