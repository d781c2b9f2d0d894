/*
 * pool_test.c: blocks of one class (pool.h): taking and dropping against a model that knows each block's state, purging
 * between live blocks, and P1 to P6.
 */
#define _GNU_SOURCE
#include "alloc/pool.h"

#include "alloc/arena.h"
#include "alloc/counts.h"
#include "alloc/magazine.h"
#include "tests/fresh.h"

enum { MOST_BLOCKS = CN_SLOT_GRANULES };
static const uintptr_t some_owner = 0x45670;

enum block_state { FRESH, IDLE, CACHED, LIVE };

struct model {
    struct cn_pool *pool;
    size_t bytes;
    size_t blocks;
    enum block_state states[MOST_BLOCKS];
    uint64_t random;
};

static struct model model;

static void make(unsigned class_index) {
    cn_class_init();
    fresh_region(0);
    const struct cn_class *of = cn_class_at(class_index);
    MUST(cn_arena_take(3, 1) == 0); /* so that the pool is not the first of all */
    size_t slot = cn_arena_take(of->pool_slots, 1);
    memset(&model, 0, sizeof model);
    model.pool = cn_pool_make(slot, class_index, NULL, some_owner);
    model.bytes = of->block_bytes;
    model.blocks = of->pool_blocks;
    model.random = class_index + 1;
    MUST(cn_pool_slot(model.pool) == slot && cn_pool_address(model.pool) == cn_slot_address(slot));
}

static char *address_of(size_t block) { return cn_pool_address(model.pool) + block * model.bytes; }

static size_t count_in(enum block_state state) {
    size_t count = 0;
    for (size_t i = 0; i < model.blocks; i++) {
        count += model.states[i] == state ? 1 : 0;
    }
    return count;
}

static void check(void) {
    MUST(model.pool->held == count_in(CACHED) + count_in(LIVE));
    MUST(cn_pool_count_live(model.pool) == count_in(LIVE));
    cn_pool_check(model.pool, (uint32_t)count_in(CACHED), some_owner);
}

/* ---- what the owner does ------------------------------------------------------------------------------------- */

static void make_live(size_t block) {
    model.states[block] = LIVE;
    cn_live_set(cn_granule_of(address_of(block)));
}

static void drop_block(size_t block) {
    size_t granule = cn_granule_of(address_of(block));
    if (model.states[block] == LIVE) {
        cn_live_clear(granule);
    }
    model.states[block] = IDLE;
    uint64_t worth = UINT64_C(1) << granule / CN_WORD_GRANULES % CN_SLOT_WORDS;
    cn_pool_drop(model.pool, cn_slot_of_granule(granule), worth, 1);
}

/* Takes up to `count` blocks, which come in order, idle ones first, and makes them cached. */
static size_t take(size_t count) {
    static void *blocks[MOST_BLOCKS + 1];
    void **end = blocks + MOST_BLOCKS + 1;
    size_t taken = cn_pool_take(model.pool, end, count, &(size_t){0});
    enum block_state from = IDLE;
    for (size_t i = 0; i < taken; i++) {
        void **block = end - 1 - i;
        size_t byte = (size_t)((char *)*block - cn_pool_address(model.pool));
        MUST(byte % model.bytes == 0 && byte / model.bytes < model.blocks);
        enum block_state *state = &model.states[byte / model.bytes];
        MUST(*state == IDLE || *state == FRESH);
        MUST(from == IDLE || *state == FRESH); /* no idle one after a fresh one */
        MUST(i == 0 || from != *state || block[1] < block[0]);
        from = *state;
        *state = CACHED;
    }
    return taken;
}

static void make_cached_live(void) {
    for (size_t i = 0; i < model.blocks; i++) {
        if (model.states[i] == CACHED) {
            make_live(i);
        }
    }
}

/* ---- taking -------------------------------------------------------------------------------------------------- */

static void take_every_block(void *argument) {
    make(*(unsigned *)argument);
    check();
    MUST(take(1) == 1);
    MUST(model.states[0] == CACHED);
    make_cached_live();
    MUST(take(model.blocks + 1) == model.blocks - 1);
    make_cached_live();
    MUST(take(1) == 0);
    check();
    for (size_t i = 0; i < model.blocks; i += 2) {
        drop_block(i);
    }
    check();
    MUST(take(model.blocks) == (model.blocks + 1) / 2);
    make_cached_live();
    for (size_t i = 0; i < model.blocks; i++) {
        drop_block(i);
    }
    MUST(model.pool->held == 0);
    check();
}

static void every_block_of_every_class_is_taken_once(void **state) {
    (void)state;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i += i < 16 ? 1 : 5) {
        expect_return(take_every_block, &i);
    }
    for (unsigned i = CN_CLASS_COUNT - 8; i < CN_CLASS_COUNT; i++) {
        expect_return(take_every_block, &i);
    }
}

static void use_at_random(void *argument) {
    make(*(unsigned *)argument);
    for (unsigned step = 0; step < 300; step++) {
        switch (random_next(&model.random) % 8) {
        case 0:
            (void)cn_pool_purge(model.pool); /* no block is cached here */
            break;
        case 1:
        case 2:
            (void)take(random_next(&model.random) % model.blocks / 2 + 1);
            break;
        default:
            for (size_t i = random_next(&model.random) % model.blocks; i < model.blocks; i += 7) {
                if (model.states[i] == LIVE) {
                    drop_block(i);
                }
            }
        }
        if (step % 8 == 0) {
            check();
        }
        make_cached_live();
    }
    cn_pool_rebuild(model.pool, some_owner);
    check();
}

static void random_use_agrees_with_the_model(void **state) {
    (void)state;
    static const unsigned classes[] = {0, 1, 2, 5, 7, 8, 20, 33, 50, 61, 64, 68, 76, 79};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        unsigned class_index = classes[i];
        expect_return(use_at_random, &class_index);
    }
}

/* ---- lists, making and unmaking ------------------------------------------------------------------------------ */

static void link_and_unlink(void *argument) {
    (void)argument;
    fresh_region(0);
    MUST(cn_region_grow(1) == 0);
    struct cn_pool_list list = {NULL};
    struct cn_pool *pools = cn_region.pools;
    for (size_t i = 0; i < 4; i++) {
        cn_pool_link(&list, &pools[i]);
    }
    MUST(list.first == &pools[3] && pools[3].next == &pools[2] && pools[2].prev == &pools[3]);
    cn_pool_unlink(&list, &pools[3]);
    cn_pool_unlink(&list, &pools[1]);
    MUST(list.first == &pools[2] && pools[2].prev == NULL && pools[2].next == &pools[0]);
    MUST(pools[0].prev == &pools[2] && pools[0].next == NULL);
    cn_pool_unlink(&list, &pools[0]);
    cn_pool_unlink(&list, &pools[2]);
    MUST(list.first == NULL);
}

static void pools_leave_a_list_from_any_place(void **state) {
    (void)state;
    expect_return(link_and_unlink, NULL);
}

static void make_again_as_another(void *argument) {
    (void)argument;
    make(79);
    size_t slot = cn_pool_slot(model.pool);
    size_t slots = cn_pool_slots(model.pool);
    (void)take(5);
    for (size_t i = 0; i < slots; i++) {
        MUST(cn_pool_of_slot(slot + i) == model.pool);
    }
    for (size_t i = 0; i < model.blocks; i++) {
        if (model.states[i] == CACHED) {
            drop_block(i);
        }
    }
    cn_pool_unmake(model.pool);
    for (size_t i = 0; i < slots; i++) {
        MUST(atomic_load(&cn_region.owner[slot + i]) == 0);
    }
    struct cn_pool *small = cn_pool_make(slot + 1, 0, NULL, some_owner);
    MUST(cn_pool_of_slot(slot + 1) == small && small->fresh == 0 && small->worth == 0 && small->back == 0);
    cn_pool_check(small, 0, some_owner);
}

static void slots_of_an_ended_pool_can_become_any_other(void **state) {
    (void)state;
    expect_return(make_again_as_another, NULL);
}

/* ---- purging ------------------------------------------------------------------------------------------------- */

static void purge_around_survivors(void *argument) {
    make(*(unsigned *)argument);
    size_t page = cn_os_page_bytes();
    size_t pool_bytes = cn_pool_slots(model.pool) * CN_SLOT_BYTES;
    (void)take(model.blocks);
    make_cached_live();
    for (size_t i = 0; i < model.blocks; i++) {
        fill_pattern(address_of(i), model.bytes, i);
    }
    size_t kept = 0;
    for (size_t i = 0; i < model.blocks; i++) {
        if (random_next(&model.random) % 64 == 0) {
            kept++;
        } else {
            drop_block(i);
        }
    }
    size_t purged = cn_pool_purge(model.pool);
    size_t most_pages = kept * ((model.bytes + page - 1) / page + 1);
    MUST(purged <= pool_bytes && pool_bytes - purged <= most_pages * page);
    MUST(cn_os_resident_bytes(cn_pool_address(model.pool), pool_bytes) == pool_bytes - purged);
    MUST(cn_count_of(&cn_counts.purged_bytes) == purged);
    MUST(cn_pool_purge(model.pool) == 0); /* what is clean is not given back twice */
    for (size_t i = 0; i < model.blocks; i++) {
        MUST(model.states[i] != LIVE || has_pattern(address_of(i), model.bytes, i));
    }
    check();
    (void)take(model.blocks);
    make_cached_live();
    check(); /* P6: pages that were handed out are not clean any more */
}

static void purge_keeps_live_blocks_and_gives_back_the_rest(void **state) {
    (void)state;
    if (!cn_hook_purges_pools()) {
        skip();
    }
    for (unsigned i = 0; i < CN_CLASS_COUNT; i += 3) {
        expect_return(purge_around_survivors, &i);
    }
}

static void rebuild_from_bits(void *argument) {
    (void)argument;
    make(10);
    (void)take(100);
    make_cached_live();
    for (size_t i = 0; i < 40; i++) {
        drop_block(i);
    }
    (void)cn_pool_purge(model.pool);
    model.pool->held = 9999;
    model.pool->worth = 0;
    cn_pool_rebuild(model.pool, some_owner);
    check();
    MUST(take(model.blocks) == model.blocks - 60);
}

static void counts_are_rebuilt_from_the_live_bits(void **state) {
    (void)state;
    expect_return(rebuild_from_bits, NULL);
}

/* ---- P1 to P6 ------------------------------------------------------------------------------------------------ */

/* Blocks 0 to 99 live but for 8 to 11, which are idle. */
static void prepare(void) {
    make(4);
    (void)take(100);
    make_cached_live();
    for (size_t i = 8; i < 12; i++) {
        drop_block(i);
    }
    check();
}

static void miscount_held(void *argument) {
    (void)argument;
    prepare();
    model.pool->held++;
    cn_pool_check(model.pool, 0, some_owner);
}

static void hold_too_many(void *argument) {
    (void)argument;
    prepare();
    model.pool->held = model.pool->blocks + 1;
    cn_pool_check(model.pool, 0, some_owner);
}

static void live_beyond_fresh(void *argument) {
    (void)argument;
    prepare();
    cn_live_set(cn_granule_of(address_of(200)));
    model.pool->held++;
    cn_pool_check(model.pool, 0, some_owner);
}

static void live_inside_a_block(void *argument) {
    (void)argument;
    prepare();
    cn_live_set(cn_granule_of(address_of(20)) + 1);
    model.pool->held++;
    cn_pool_check(model.pool, 0, some_owner);
}

static void forget_idle_blocks(void *argument) {
    (void)argument;
    prepare();
    model.pool->worth = 0;
    cn_pool_check(model.pool, 0, some_owner);
}

static void lose_the_owner(void *argument) {
    (void)argument;
    make(79);
    atomic_store(&cn_region.owner[cn_pool_slot(model.pool) + 5], some_owner + 16);
    cn_pool_check(model.pool, 0, some_owner);
}

static void call_a_live_page_clean(void *argument) {
    (void)argument;
    prepare();
    model.pool->clean = 1;
    cn_pool_check(model.pool, 0, some_owner);
}

static void check_names_what_is_broken(void **state) {
    (void)state;
    expect_invariant(miscount_held, NULL, "P1");
    expect_invariant(hold_too_many, NULL, "P1");
    expect_invariant(live_beyond_fresh, NULL, "P2");
    expect_invariant(live_inside_a_block, NULL, "P2");
    expect_invariant(forget_idle_blocks, NULL, "P3");
    expect_invariant(lose_the_owner, NULL, "P5");
    expect_invariant(call_a_live_page_clean, NULL, "P6");
}

static void mark_pending(void *argument) {
    (void)argument;
    prepare();
    atomic_fetch_or(&cn_region.owner[cn_pool_slot(model.pool)], CN_OWNER_PENDING);
    check();
}

static void pending_mark_is_no_other_owner(void **state) {
    (void)state;
    expect_return(mark_pending, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_every_class_is_taken_once),
        cmocka_unit_test(random_use_agrees_with_the_model),
        cmocka_unit_test(pools_leave_a_list_from_any_place),
        cmocka_unit_test(slots_of_an_ended_pool_can_become_any_other),
        cmocka_unit_test(purge_keeps_live_blocks_and_gives_back_the_rest),
        cmocka_unit_test(counts_are_rebuilt_from_the_live_bits),
        cmocka_unit_test(check_names_what_is_broken),
        cmocka_unit_test(pending_mark_is_no_other_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
