/*
 * region_fuzz.c: the region, its arenas and purging (region.h, arena.h, purge.h) against a model that knows for each
 * slot whose it is and whether it may hold anything: no slot is had twice, none is lost, what is cleared is zero, what
 * one run holds no other run's purge takes away. The input is a sequence of takes, extensions, gives and purges, and of
 * system calls that fail; each input has a region of its own.
 */
#include "alloc/region.h"

#include <string.h>

#include "alloc/arena.h"
#include "alloc/counts.h"
#include "alloc/purge.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { ARENAS = 2 * CN_GROW_ARENAS, SLOTS = ARENAS * CN_ARENA_SLOTS, RUNS = 32, STEPS_MAX = 300 };

/* A run of slots that the program has. Its first and last bytes hold `mark`. */
struct run {
    size_t first;
    size_t count; /* 0: none */
    char mark;
};

static struct run runs[RUNS];
static uint8_t owner_of[SLOTS]; /* the number of its run, counted from 1; 0: free */
static struct cn_bytes input;
static char next_mark;
static uint8_t plan;

/* ---- the model ----------------------------------------------------------------------------------------------- */

static char *last_byte(const struct run *run) { return cn_slot_address(run->first + run->count) - 1; }

static void mark(struct run *run) {
    run->mark = ++next_mark;
    *cn_slot_address(run->first) = run->mark;
    *last_byte(run) = run->mark;
}

static void own(const struct run *run, size_t first, size_t count) {
    CN_EXPECT(first + count <= SLOTS, "slots lie within the region");
    for (size_t slot = first; slot < first + count; slot++) {
        CN_EXPECT(owner_of[slot] == 0, "no slot is had twice");
        owner_of[slot] = (uint8_t)(run - runs + 1);
    }
}

/* Whether the arena has so many free slots in a row. */
static bool has_hole(size_t arena, size_t count, size_t alignment) {
    const uint8_t *slots = owner_of + arena * CN_ARENA_SLOTS;
    size_t free_slots = 0;
    for (size_t slot = CN_ARENA_SLOTS; slot-- > 0;) {
        free_slots = slots[slot] == 0 ? free_slots + 1 : 0;
        if (free_slots >= count && slot % alignment == 0) {
            return true;
        }
    }
    return false;
}

/* A run was put behind all arenas, or refused: none of the `arenas` that there were has room, but where the system
 * refuses what is not there yet. */
static void expect_no_hole(size_t arenas, bool has_failed, size_t count, size_t alignment) {
    bool is_long = count > CN_ARENA_SLOTS || alignment > CN_ARENA_SLOTS;
    for (size_t arena = 0; arena < arenas && !is_long; arena++) {
        bool is_there = !has_failed || atomic_load(&cn_region.arenas[arena].is_committed);
        CN_EXPECT(!is_there || !has_hole(arena, count, alignment), "what fits between others is not put behind them");
    }
}

static void disown(size_t first, size_t count) { memset(owner_of + first, 0, count); }

static void check_marks(void) {
    for (size_t i = 0; i < RUNS; i++) {
        const struct run *run = &runs[i];
        CN_EXPECT(run->count == 0 || (*cn_slot_address(run->first) == run->mark && *last_byte(run) == run->mark),
                  "a run keeps what it holds");
    }
}

static void check_all(void) {
    size_t used = 0;
    size_t slots = atomic_load(&cn_region.arena_count) * CN_ARENA_SLOTS;
    cn_region_check();
    cn_arena_check_quiet();
    cn_arena_check();
    check_marks();
    for (size_t slot = 0; slot < SLOTS; slot++) {
        CN_EXPECT(slot < slots || owner_of[slot] == 0, "slots of the program are in arenas");
        CN_EXPECT(slot >= slots || cn_arena_has_taken(slot) == (owner_of[slot] != 0), "no slot is lost");
        used += owner_of[slot] != 0 ? 1 : 0;
    }
    CN_EXPECT(cn_count_of(&cn_counts.used_slots) == used, "slots in use are counted");
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

/* Short runs more often than long ones. */
static size_t take_count(void) {
    uint8_t byte = cn_bytes_take(&input);
    return byte < 128 ? 1 + byte % 8u : byte < 224 ? 1 + byte % 64u : 1 + (byte % 32u) * 17;
}

/* What was just taken, and not written to since. */
static void clear(const struct run *run) {
    cn_arena_clear(run->first, run->count);
    for (size_t slot = run->first; slot < run->first + run->count; slot++) {
        const char *start = cn_slot_address(slot);
        CN_EXPECT(start[0] == 0 && memcmp(start, start + 1, 255) == 0, "a cleared slot begins with zeros");
        CN_EXPECT(start[CN_SLOT_BYTES - 1] == 0, "a cleared slot ends with zero");
    }
}

/* The first failure is the one for which nothing was taken; any other may be of the giving back. */
static void expect_refusal(size_t failures, size_t alignment, size_t committed) {
    CN_EXPECT(cn_system_failures() > failures || cn_count_of(&cn_counts.used_slots) > 0 || alignment > 1,
              "an empty region has room");
    CN_EXPECT(cn_system_failures() > failures + 1 || cn_count_of(&cn_counts.committed_arenas) <= committed,
              "what was promised for a refused run goes back");
}

static void take(struct run *run) {
    size_t count = take_count();
    uint8_t how = cn_bytes_take(&input);
    size_t alignment = (size_t)1 << (how >= 192 ? how % 9 : 0);
    size_t failures = cn_system_failures();
    size_t committed = cn_count_of(&cn_counts.committed_arenas);
    size_t arenas = atomic_load(&cn_region.arena_count);
    size_t first = cn_arena_take(count, alignment);
    if (first >= arenas * CN_ARENA_SLOTS) {
        expect_no_hole(arenas, cn_system_failures() > failures, count, alignment);
    }
    if (first == SIZE_MAX) {
        expect_refusal(failures, alignment, committed);
        return;
    }
    CN_EXPECT((uintptr_t)cn_slot_address(first) % (alignment * CN_SLOT_BYTES) == 0, "a run is aligned");
    *run = (struct run){.first = first, .count = count};
    own(run, first, count);
    if (how % 4 == 0) {
        clear(run);
    }
    mark(run);
}

static void extend(struct run *run) {
    size_t more = take_count();
    if (run->first + run->count + more <= SLOTS && cn_arena_extend(run->first, run->count, more)) {
        own(run, run->first + run->count, more);
        run->count += more;
        mark(run);
    }
}

static void give_end(struct run *run, size_t count) {
    run->count -= count;
    disown(run->first + run->count, count);
    cn_purge_give(run->first + run->count, count);
    if (run->count > 0) {
        mark(run);
    }
}

static void purge(void) {
    size_t failures = cn_system_failures();
    size_t dirty = cn_count_of(&cn_counts.dirty_slots);
    size_t purged = cn_purge_all();
    CN_EXPECT(purged <= dirty * CN_SLOT_BYTES, "only what may hold memory is purged");
    CN_EXPECT(cn_system_failures() > failures || cn_count_of(&cn_counts.dirty_slots) == 0, "all of it is purged");
}

static void step(uint8_t code) {
    struct run *run = &runs[code % RUNS];
    switch (code / RUNS) {
    case 0:
    case 1:
        run->count == 0 ? take(run) : give_end(run, run->count);
        break;
    case 2:
    case 3:
        run->count == 0 ? take(run) : extend(run);
        break;
    case 4:
    case 5:
        run->count == 0 ? take(run) : give_end(run, 1 + cn_bytes_take(&input) % run->count);
        break;
    case 6:
        code % 4 == 0 ? check_all() : purge();
        break;
    default:
        plan = cn_bytes_take(&input);
        cn_system_plan(code & CN_SYSTEM_ANY, &plan, sizeof plan);
    }
}

static void run_input(void *argument) {
    (void)argument;
    for (size_t i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        step(cn_bytes_take(&input));
    }
    cn_system_plan(0, NULL, 0);
    check_all();
    for (size_t i = 0; i < RUNS; i++) {
        give_end(&runs[i], runs[i].count);
    }
    purge();
    check_all();
    CN_EXPECT(cn_count_of(&cn_counts.committed_arenas) == 0, "a region without a run has no memory");
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_renew_keep();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_renew();
    cn_region.arena_limit = ARENAS;
    memset(runs, 0, sizeof runs);
    memset(owner_of, 0, sizeof owner_of);
    input = cn_bytes_of(data, size);
    CN_EXPECT(cn_system_run(run_input, NULL), cn_system_report());
    return 0;
}
