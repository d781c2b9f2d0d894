/*
 * misuse_fuzz.c: a program with one bug against the debug form: exactly that bug must be reported, once, by its kind,
 * of the block that it is of, with the bytes that were written; and nothing without a bug.
 *
 *   byte 0     how the debug form is set: enum setting
 *   byte 1     the bug: none, a write, or a call (misuse_bugs.h)
 *   byte 2     after how many calls it is made; at the end where there are fewer
 *   the rest   calls (misuse_blocks.h), and in their midst what the bug takes: which block, where in it
 *
 * Calls that are wrong must be reported at once. Damage must be reported at the latest when it is looked for: when the
 * block is freed, resized, leaves quarantine, or goes with its heap, or at a sweep. Until then the history goes on;
 * where one of its calls comes upon the damage earlier, that is right, too.
 *
 * Bugs are made where the debug form promises to tell them (damage.h): a write behind a block starts in its tail, and
 * ends in the next one's head at the latest, or goes through freed ones; a write into a freed block's head is an overflow
 * where the block before it is live and nearer. Only blocks of named heaps are damaged, so that what is parked goes with
 * its heap.
 */
#include "alloc/cairn.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/misuse_blocks.h"
#include "fuzz/misuse_bugs.h"
#include "fuzz/misuse_due.h"
#include "fuzz/misuse_places.h"
#include "fuzz/misuse_search.h"
#include "fuzz/operations.h"
#include "fuzz/said.h"
#include "fuzz/trace.h"

enum setting {
    QUARANTINE_MASK = 3, /* 0 and 1: a large one; else a small one, or none */
    QUARANTINE_SMALL = 2,
    QUARANTINE_NONE = 3,
    PROTECTS = 4, /* freed spans are made inaccessible */
    AS_JSON = 8,
    WITH_STACKS = 0xF0 /* all of these: reports with stacks, which take long */
};

enum {
    STEPS_MAX = 150,
    BUG_AFTER_MAX = 64,
    SMALL_QUARANTINE_BYTES = 4096,
    STACK_DEPTH = 8,
    BUG_COUNT = 1 + CN_MISUSE_WRITES + CN_MISUSE_CALLS
};

static struct cn_misuse_blocks blocks;
static struct cn_bytes input;

/* Bug 0 is none. */
static void make(unsigned bug) {
    if (bug > CN_MISUSE_WRITES) {
        cn_misuse_calls[bug - 1 - CN_MISUSE_WRITES](&blocks);
    } else if (bug > 0) {
        cn_misuse_writes[bug - 1](&blocks);
    }
}

static void set(uint8_t settings) {
    unsigned depth = (settings & WITH_STACKS) == WITH_STACKS ? STACK_DEPTH : 0;
    unsigned quarantine = settings & QUARANTINE_MASK;
    cn_options.quarantine_bytes = quarantine == QUARANTINE_NONE    ? 0
                                  : quarantine == QUARANTINE_SMALL ? SMALL_QUARANTINE_BYTES
                                                                   : CN_MISUSE_QUARANTINE_BYTES;
    cn_options.protect_freed = (settings & PROTECTS) != 0;
    cn_options.protect_pools = 0; /* freed blocks of pools are written to */
    cn_options.report = (settings & AS_JSON) != 0 ? CN_REPORT_JSON : CN_REPORT_TEXT;
    if (cn_options.stack_depth != depth) {
        cn_options.stack_depth = depth;
        cn_debug_start();
    }
    CN_TRACE("quarantine %zu bytes, protect_freed %d, stack_depth %u", cn_options.quarantine_bytes,
             cn_options.protect_freed, depth);
    blocks.all_wait = quarantine < QUARANTINE_SMALL;
    blocks.protects = cn_options.protect_freed;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    char text[CN_OPTION_PATH_BYTES];
    (void)snprintf(text, sizeof text, "seed=1:log_path=%s", cn_said_path());
    CN_EXPECT(cn_options_parse(&cn_options, text) == 0, "the options are known");
    cn_misuse_due_init();
    cn_misuse_places_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = cn_bytes_of(data, size);
    uint8_t settings = cn_bytes_take(&input);
    unsigned bug = cn_bytes_take(&input) % BUG_COUNT;
    unsigned after = cn_bytes_take(&input) % BUG_AFTER_MAX;
    bool is_made = false;
    unsigned steps = 0;
    cn_misuse_begin(&blocks, &input);
    set(settings);
    for (; steps < STEPS_MAX && cn_bytes_are_left(&input); steps++) {
        if (steps == after) {
            make(bug);
            is_made = true;
        } else {
            cn_misuse_step(&blocks);
        }
    }
    if (!is_made) {
        make(bug);
    }
    cn_operations_add(steps);
    cn_misuse_find_damage(&blocks);
    cn_misuse_settle();
    CN_EXPECT(cairn_check(), "all is as it should be after a bug");
    cn_misuse_finish(&blocks);
    return 0;
}
