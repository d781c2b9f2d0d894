/*
 * settings_fuzz.c: programs in the debug form as its options would have it: where blocks lie, what they are filled
 * with, how long they wait, which requests fail. Whatever is set, the model holds and nothing is reported; a request
 * fails where the options say so, and what is said of it is right.
 *
 *   byte 0     guard and guard_side
 *   byte 1     of which block, or of how many one
 *   byte 2     fills, protect_freed, stack_depth
 *   byte 3     quarantine and check_every
 *   byte 4     which requests fail, and how: enum failing
 *   byte 5     how far off the one is that fails, or at which the program stops
 *   byte 6     whether a signal has all blocks checked
 *   byte 7     nothing, so that a program starts at a multiple of four
 *   the rest   a program (program.h)
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc/cairn.h"
#include "alloc/guard.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/sample.h"
#include "debug/record.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/play.h"
#include "fuzz/said.h"

enum failing { FAIL_ONE = 1, FAIL_SOME = 2, FAIL_ALL = 4, SAY_SO = 8, BREAK = 16 };

enum { STACK_DEPTH = 6, CHECKS_SHIFT = 4, CHECKS_UNIT = 16 };

static struct cn_play *play;
static struct cn_bytes input;
static volatile sig_atomic_t traps;

static void on_trap(int number) {
    (void)number;
    traps++;
}

static enum cairn_verdict on_report(const struct cairn_report *report, void *argument) {
    (void)argument;
    fprintf(stderr, "reported: %s: %s\n", report->kind, report->sentence);
    CN_EXPECT(false, "nothing is reported of a program without a bug");
    return CAIRN_STOP;
}

/* ---- settings ------------------------------------------------------------------------------------------------ */

/* There is one zone for the life of a process, and it has one side: a new one takes its place, while it is empty. */
static void set_side(enum cn_guard_side side) {
    static enum cn_guard_side side_of_zone;
    size_t bytes = atomic_load(&cn_guard_zone.bytes);
    if (bytes != 0 && side == side_of_zone) {
        return;
    }
    if (bytes != 0) {
        size_t page = cn_os_page_bytes();
        size_t table_bytes;
        void *tables = (void *)(uintptr_t)cn_guard_tables(&table_bytes); // NOLINT: to be unmapped
        CN_EXPECT(cn_guard_live_count() == 0, "no block is left on guarded pages");
        CN_EXPECT(munmap(cn_guard_zone.start - page, bytes + 2 * page) == 0 && munmap(tables, table_bytes) == 0,
                  "the zone can be unmapped");
        atomic_store(&cn_guard_zone.bytes, 0);
    }
    cn_guard_start(side);
    side_of_zone = side;
    CN_EXPECT(atomic_load(&cn_guard_zone.bytes) != 0, "there is a zone");
}

static void set_guard(uint8_t byte, uint8_t number) {
    enum { CHOICES = CN_GUARD_SITE + 1 };
    struct cn_guard_setting *guard = &cn_options.guard;
    guard->choice = (enum cn_guard_choice)(byte % CHOICES);
    guard->number = number;
    if (guard->choice == CN_GUARD_SERIAL) {
        guard->number += cn_record_last_serial();
    }
    if (guard->choice == CN_GUARD_SAMPLE) {
        guard->number = 1 + guard->number % 8;
        cn_sample_start(guard->number, cn_options.seed);
    }
    set_side(byte / CHOICES % 2 == 0 ? CN_GUARD_AFTER : CN_GUARD_BEFORE);
}

static void set_bytes(uint8_t byte) {
    static const int fills[] = {0xCD, 0x00, 0xFF, CN_OPTION_FILL_OFF};
    static const int freed_fills[] = {0xDD, 0xDD, 0x00, CN_OPTION_FILL_OFF};
    cn_options.fill_allocated = fills[byte % 4];
    cn_options.fill_freed = freed_fills[byte / 4 % 4];
    cn_options.protect_freed = byte / 16 % 2 == 0;
    cn_options.stack_depth = byte / 32 % 2 == 0 ? 0 : STACK_DEPTH;
}

static void set_checks(uint8_t byte) {
    static const size_t quarantines[] = {64 << 10, 0, 4096, 8 << 20};
    cn_options.quarantine_bytes = quarantines[byte % 4];
    cn_options.check_every = (uint64_t)(byte >> CHECKS_SHIFT) * CHECKS_UNIT;
}

static void set_failing(uint8_t how, uint8_t distance) {
    uint64_t serial = cn_record_last_serial() + 1 + distance;
    cn_options.fail_at = (how & FAIL_ONE) != 0 ? serial : 0;
    cn_options.break_on = (how & BREAK) != 0 ? serial : 0;
    cn_options.fail_rate = (how & FAIL_ALL) != 0 ? CN_RATE_ALWAYS : (how & FAIL_SOME) != 0 ? CN_RATE_ALWAYS / 4 : 0;
    cn_options.fail_stacks = (how & SAY_SO) != 0;
}

/* ---- what must come of them ---------------------------------------------------------------------------------- */

/* What is said of requests that fail: a line for each, and the stack. */
static void expect_notes(const char *said, uint64_t first, uint64_t last) {
    static const char note[] = "cairn: NOTE: allocation ";
    unsigned count = 0;
    for (const char *at = said; (at = strstr(at, note)) != NULL; at++, count++) {
        char *end;
        uint64_t serial = strtoull(at + strlen(note), &end, 10);
        CN_EXPECT(serial >= first && serial <= last, "a request that fails is one of the program's");
        CN_EXPECT(cn_options.fail_rate != 0 || serial == cn_options.fail_at, "the request that fails is the one named");
        CN_EXPECT(strncmp(end, ", of ", 5) == 0 && strstr(end, ", fails as the options say\n") != NULL,
                  "a note says how large the request was");
    }
    bool is_passed = cn_options.fail_at != 0 && cn_options.fail_at <= last;
    if (!cn_options.fail_stacks || cn_options.fail_rate == 0) {
        CN_EXPECT(count == (is_passed && cn_options.fail_stacks ? 1 : 0), "one note is made of the request that fails");
    }
    if (cn_options.fail_stacks && cn_options.fail_rate == CN_RATE_ALWAYS) {
        CN_EXPECT(count == last + 1 - first, "a note is made of each request");
    }
}

static void stop_failing(void) {
    cn_options.fail_at = 0;
    cn_options.fail_rate = 0;
    cn_options.break_on = 0;
    cn_debug_start();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char text[CN_OPTION_PATH_BYTES];
    struct sigaction action = {.sa_handler = on_trap};
    (void)argc;
    (void)argv;
    (void)snprintf(text, sizeof text, "seed=1:log_path=%s", cn_said_path());
    CN_EXPECT(cn_options_parse(&cn_options, text) == 0, "the options are known");
    CN_EXPECT(sigaction(SIGTRAP, &action, NULL) == 0, "a signal can be handled");
    CN_EXPECT(cairn_set_report_callback(on_report, NULL), "the debug form takes a callback");
    play = cn_play_init(CN_NULL_ON_PURPOSE);
    cn_play_expect_guarded(play);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = cn_bytes_of(data, size);
    uint8_t guard = cn_bytes_take(&input);
    set_guard(guard, cn_bytes_take(&input));
    set_bytes(cn_bytes_take(&input));
    set_checks(cn_bytes_take(&input));
    uint8_t failing = cn_bytes_take(&input);
    set_failing(failing, cn_bytes_take(&input));
    cn_options.check_signal = cn_bytes_take(&input) % 2 != 0 ? SIGUSR1 : 0;
    (void)cn_bytes_take(&input);
    cn_debug_start();
    uint64_t first = cn_record_last_serial() + 1;
    traps = 0;
    cn_play_run(play, input.next, (size_t)(input.end - input.next), CN_PROGRAM_SEQUENCE);
    uint64_t last = cn_record_last_serial();
    if (cn_options.check_signal != 0) {
        CN_EXPECT(raise(cn_options.check_signal) == 0, "a signal can be sent");
    }
    expect_notes(cn_said_take(), first, last);
    bool is_passed = cn_options.break_on != 0 && cn_options.break_on <= last;
    CN_EXPECT(traps == (is_passed ? 1 : 0), "the program stops in the allocation named");
    stop_failing();
    cn_debug_stop(); /* checks all, as at the process's end */
    return 0;
}
