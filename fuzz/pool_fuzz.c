/*
 * pool_fuzz.c: one pool at a time (pool.h) against a model that knows the state of each of its blocks: taking comes in
 * the order of addresses, idle blocks before fresh ones, and leaves none out; purging takes nothing from a live block
 * and leaves no page that could go; P1 to P6 hold. The first byte is the class; the rest is takes, drops, purges and
 * rebuilds.
 */
#include "alloc/pool.h"

#include <string.h>

#include "alloc/arena.h"
#include "alloc/magazine.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { BLOCKS_MAX = CN_SLOT_GRANULES, STEPS_MAX = 200 };
static const uintptr_t some_owner = 0x45670;

enum state { FRESH, IDLE, CACHED, LIVE };

static struct cn_pool *pool;
static size_t block_bytes;
static size_t block_count;
static uint8_t states[BLOCKS_MAX];
static struct cn_bytes input;

static char *address_of(size_t block) { return cn_pool_address(pool) + block * block_bytes; }

/* The first and the last byte of a live block tell which it is. */
static char mark_of(size_t block) { return (char)(block % 251 + 1); }

static size_t count_in(enum state state) {
    size_t count = 0;
    for (size_t i = 0; i < block_count; i++) {
        count += states[i] == state ? 1 : 0;
    }
    return count;
}

static void check(void) {
    cn_pool_check(pool, (uint32_t)count_in(CACHED), some_owner);
    CN_EXPECT(cn_pool_count_live(pool) == count_in(LIVE), "live bits are those of live blocks");
    for (size_t i = 0; i < block_count; i++) {
        const char *start = address_of(i);
        CN_EXPECT(states[i] != LIVE || (start[0] == mark_of(i) && start[block_bytes - 1] == mark_of(i)),
                  "a live block keeps what it holds");
    }
}

/* ---- what an owner does -------------------------------------------------------------------------------------- */

static void make_live(size_t block) {
    states[block] = LIVE;
    cn_live_set(cn_granule_of(address_of(block)));
    address_of(block)[0] = mark_of(block);
    address_of(block)[block_bytes - 1] = mark_of(block);
}

static void make_cached_live(void) {
    for (size_t i = 0; i < block_count; i++) {
        if (states[i] == CACHED) {
            make_live(i);
        }
    }
}

/* A block that was taken, after one that was in the state `from`. Returns its own state before. */
static enum state take_one(const void *address, enum state from) {
    size_t byte = (size_t)((const char *)address - cn_pool_address(pool));
    size_t block = byte / block_bytes;
    CN_EXPECT(byte % block_bytes == 0 && block < block_count, "what is taken is a block");
    enum state was = states[block];
    CN_EXPECT(was == IDLE || was == FRESH, "what is taken was free");
    CN_EXPECT(from == IDLE || was == FRESH, "idle blocks come before fresh ones");
    states[block] = CACHED;
    return was;
}

/* No block is cached, as pool.h wants it. */
static void take(size_t count) {
    static void *blocks[BLOCKS_MAX];
    size_t available = count_in(IDLE) + count_in(FRESH);
    void **end = blocks + BLOCKS_MAX;
    size_t taken = cn_pool_take(pool, end, count, &(size_t){0});
    enum state from = IDLE;
    CN_EXPECT(taken == cn_min(count, available), "as many as there are can be taken");
    for (size_t i = 1; i <= taken; i++) { /* the first comes last in the array */
        enum state was = take_one(end[-(ptrdiff_t)i], from);
        CN_EXPECT(i == 1 || was != from || end[1 - (ptrdiff_t)i] < end[-(ptrdiff_t)i],
                  "blocks come in order of address");
        from = was;
    }
}

static void drop(size_t block) {
    size_t granule = cn_granule_of(address_of(block));
    if (states[block] == LIVE) {
        cn_live_clear(granule);
    }
    states[block] = IDLE;
    cn_pool_drop(pool, cn_slot_of_granule(granule), (uint64_t)1 << granule / CN_WORD_GRANULES % CN_SLOT_WORDS, 1);
}

static void drop_some(enum state state) {
    size_t first = cn_bytes_take_number(&input, 2) % block_count;
    size_t step = 1 + cn_bytes_take(&input) % 16;
    for (size_t i = first; i < block_count; i += step) {
        if (states[i] == state) {
            drop(i);
        }
    }
}

/* ---- purging ------------------------------------------------------------------------------------------------- */

static bool has_live_byte(size_t from, size_t to) {
    for (size_t i = from / block_bytes; i < block_count && i * block_bytes < to; i++) {
        if (states[i] == LIVE) {
            return true;
        }
    }
    return false;
}

static void purge(void) {
    size_t page = cn_os_page_bytes();
    size_t bytes = cn_pool_slots(pool) * CN_SLOT_BYTES;
    size_t kept = 0;
    (void)cn_pool_purge(pool);
    for (size_t at = 0; at < bytes; at += page) {
        kept += has_live_byte(at, at + page) ? page : 0;
    }
    CN_EXPECT(cn_os_resident_bytes(cn_pool_address(pool), bytes) <= kept, "pages without a live block go back");
    CN_EXPECT(cn_pool_purge(pool) == 0, "nothing is purged twice");
}

static void rebuild(void) {
    make_cached_live();
    cn_pool_rebuild(pool, some_owner);
    for (size_t i = 0; i < block_count; i++) { /* live bits do not say which blocks were never handed out */
        states[i] = states[i] == FRESH && i < cn_pool_fresh(pool) ? IDLE : states[i];
    }
}

/* ---- the program --------------------------------------------------------------------------------------------- */

static void step(uint8_t code) {
    switch (code % 8) {
    case 0:
    case 1:
    case 2:
        make_cached_live();
        take(1 + cn_bytes_take_number(&input, 2) % block_count);
        break;
    case 3:
    case 4:
        drop_some(LIVE);
        break;
    case 5:
        drop_some(CACHED);
        break;
    case 6:
        make_cached_live();
        purge();
        break;
    default:
        rebuild();
    }
}

static void run_input(void *argument) {
    (void)argument;
    unsigned class_index = cn_bytes_take(&input) % CN_CLASS_COUNT;
    const struct cn_class *class = cn_class_at(class_index);
    size_t slot = cn_arena_take(class->pool_slots, 1);
    CN_EXPECT(slot != SIZE_MAX, "there is room for a pool");
    block_bytes = class->block_bytes;
    block_count = class->pool_blocks;
    memset(states, FRESH, sizeof states);
    pool = cn_pool_make(slot, class_index, NULL, some_owner);
    for (size_t i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        step(cn_bytes_take(&input));
        check();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_renew_keep();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_renew_quickly();
    input = cn_bytes_of(data, size);
    CN_EXPECT(cn_system_run(run_input, NULL), cn_system_report());
    return 0;
}
