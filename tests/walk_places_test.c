/*
 * walk_places_test.c: every pool, span and live block in order of address (walk.h), against a list of what was made.
 * The walks of the public header have their own file, walk_test.c.
 */
#define _GNU_SOURCE
#include "alloc/walk.h"

#include "alloc/arena.h"
#include "alloc/direct.h"
#include "alloc/span.h"
#include "tests/unit.h"

enum { BLOCKS = 3000 };

struct made {
    char *block;
    size_t bytes;
    struct cairn_heap *heap; /* NULL: a span of no named heap */
    bool is_seen;
};

static struct made made[BLOCKS];
static struct cairn_heap *heaps[2];

static size_t slot_of(const void *block) { return cn_slot_of_granule(cn_granule_of(block)); }

static struct made make_span(struct cairn_heap *heap, size_t slots) {
    char *block = cn_span_malloc(heap, slots * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    return (struct made){block, slots * CN_SLOT_BYTES, heap, false};
}

static struct made make_block(struct cairn_heap *heap, unsigned class_index) {
    return (struct made){cn_heap_take(heap, class_index), cn_class_at(class_index)->block_bytes, heap, false};
}

/* In a child: blocks of a thread's heap and of a named one, and spans, among them one of several arenas. */
static void make_all(void) {
    uint64_t random = 17;
    cn_class_init();
    cn_region_init();
    heaps[0] = cn_heap_claim();
    heaps[1] = cn_heap_claim_named();
    MUST(heaps[0] != NULL && heaps[1] != NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        struct cairn_heap *heap = heaps[random_next(&random) % 2];
        if (i % 50 == 0) {
            made[i] = make_span(i % 100 == 0 ? NULL : heaps[1], i == 1000 ? 150 : 1 + i / 50 % 9);
        } else {
            made[i] = make_block(heap, (unsigned)(random_next(&random) % CN_CLASS_COUNT));
        }
        MUST(made[i].block != NULL);
    }
}

static struct made *find_made(const void *block) {
    for (size_t i = 0; i < BLOCKS; i++) {
        if (made[i].block == block) {
            return &made[i];
        }
    }
    return NULL;
}

/* ---- places -------------------------------------------------------------------------------------------------- */

/* Each place ends before the next begins; with what lies between them they are all slots that are taken. */
static void walk_places(void *argument) {
    (void)argument;
    struct cn_walk_place place;
    make_all();
    size_t places = 0;
    size_t slots = 0;
    size_t end = 0;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        MUST(place.slot >= end && place.slots > 0);
        MUST((place.class_index == CN_CLASS_SPAN) == (place.owner == CN_OWNER_SPAN));
        MUST(place.class_index == CN_CLASS_SPAN || place.heap == heaps[0] || place.heap == heaps[1]);
        end = place.slot + place.slots;
        slots += place.slots;
        places++;
    }
    size_t taken = 0;
    for (size_t slot = 0; slot < atomic_load(&cn_region.arena_count) * CN_ARENA_SLOTS; slot++) {
        taken += cn_arena_has_taken(slot) ? 1 : 0;
    }
    MUST(places > CN_CLASS_COUNT && slots == taken && end <= atomic_load(&cn_region.arena_count) * CN_ARENA_SLOTS);
    MUST(!cn_walk_next(end, &place));
}

static void places_are_in_order_and_cover_what_is_taken(void **state) {
    (void)state;
    expect_return(walk_places, NULL);
}

static void walk_an_empty_region(void *argument) {
    (void)argument;
    struct cn_walk_place place;
    cn_class_init();
    MUST(!cn_walk_next(0, &place)); /* not even reserved */
    cn_region_init();
    MUST(!cn_walk_next(0, &place));
    MUST(cn_region_grow(3) == 0 && !cn_walk_next(0, &place));
}

static void region_without_pools_has_no_place(void **state) {
    (void)state;
    expect_return(walk_an_empty_region, NULL);
}

static void walk_past_a_mark(void *argument) {
    (void)argument;
    struct cn_walk_place plain;
    struct cn_walk_place marked;
    make_all();
    MUST(cn_walk_next(slot_of(made[1].block), &plain));
    atomic_fetch_or(&cn_region.owner[plain.slot], CN_OWNER_PENDING);
    MUST(cn_walk_next(plain.slot, &marked));
    MUST(marked.slot == plain.slot && marked.owner == plain.owner && marked.heap == plain.heap);
    MUST(marked.class_index == plain.class_index);
}

static void pending_frees_do_not_hide_a_pool(void **state) {
    (void)state;
    expect_return(walk_past_a_mark, NULL);
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

struct walk {
    const struct cairn_heap *heap; /* whose blocks are expected; NULL: all */
    char *last;
    size_t count;
    size_t stop_after;
};

static bool note(void *block, size_t bytes, void *argument) {
    struct walk *walk = argument;
    struct made *found = find_made(block);
    MUST(found != NULL && !found->is_seen && found->bytes == bytes);
    MUST(walk->heap == NULL || found->heap == walk->heap);
    MUST((char *)block > walk->last);
    found->is_seen = true;
    walk->last = block;
    return ++walk->count != walk->stop_after;
}

static void expect_seen(const struct cairn_heap *heap) {
    for (size_t i = 0; i < BLOCKS; i++) {
        MUST(made[i].is_seen == (made[i].block != NULL && (heap == NULL || made[i].heap == heap)));
        made[i].is_seen = false;
    }
}

static void walk_each_heap_and_all(void *argument) {
    (void)argument;
    make_all();
    const struct cairn_heap *of[] = {heaps[0], heaps[1], NULL};
    for (size_t i = 0; i < 3; i++) {
        struct walk walk = {.heap = of[i]};
        MUST(cn_walk_blocks(of[i], note, &walk));
        expect_seen(of[i]);
    }
    struct walk walk = {.stop_after = 7};
    MUST(!cn_walk_blocks(NULL, note, &walk) && walk.count == 7);
}

static void every_live_block_is_visited_once_in_order(void **state) {
    (void)state;
    expect_return(walk_each_heap_and_all, NULL);
}

static void walk_after_frees(void *argument) {
    (void)argument;
    make_all();
    for (size_t i = 1; i < BLOCKS; i += 3) {
        size_t granule = cn_granule_of(made[i].block);
        if (i % 50 == 0) {
            MUST(cn_span_free(cn_slot_of_granule(granule)));
        } else if (made[i].heap == heaps[0] && i % 2 == 0) {
            MUST(cn_remote_post(&heaps[0]->remote, granule));
            MUST((cn_walk_live_word(granule >> CN_WORD_SHIFT) >> granule % CN_WORD_GRANULES & 1) == 0);
        } else {
            cn_heap_give(made[i].heap, granule);
        }
        made[i].block = NULL;
    }
    struct walk walk = {0};
    MUST(cn_walk_blocks(NULL, note, &walk));
    expect_seen(NULL);
}

static void what_is_freed_by_anybody_is_not_visited(void **state) {
    (void)state;
    expect_return(walk_after_frees, NULL);
}

static bool free_each(void *block, size_t bytes, void *argument) {
    size_t *count = argument;
    struct made *found = find_made(block);
    MUST(found != NULL && found->bytes == bytes);
    if (bytes > CN_BLOCK_MAX_BYTES || atomic_load(&cn_region.owner[slot_of(block)]) == CN_OWNER_SPAN) {
        MUST(cn_span_free(slot_of(block)));
    } else {
        cn_heap_give(found->heap, cn_granule_of(block));
    }
    ++*count;
    return true;
}

static void free_all_while_walking(void *argument) {
    (void)argument;
    size_t count = 0;
    make_all();
    MUST(cn_walk_blocks(NULL, free_each, &count) && count == BLOCKS);
    count = 0;
    MUST(cn_walk_blocks(NULL, free_each, &count) && count == 0);
    for (size_t i = 0; i < 2; i++) {
        (void)cn_heap_trim(heaps[i]);
        cn_heap_check(heaps[i]);
        MUST(atomic_load(&heaps[i]->slots_held) == 0);
    }
    cn_arena_check();
    cn_arena_check_quiet();
}

static void visitor_may_free_what_it_is_given(void **state) {
    (void)state;
    expect_return(free_all_while_walking, NULL);
}

static bool expect_direct_last(void *block, size_t bytes, void *argument) {
    unsigned *direct = argument;
    bool is_direct = cn_direct_bytes(block) == bytes;
    MUST(is_direct || *direct == 0);
    *direct += is_direct ? 1 : 0;
    return true;
}

static void walk_with_mappings(void *argument) {
    (void)argument;
    make_all();
    for (unsigned i = 0; i < 5; i++) {
        MUST(cn_direct_malloc(100, CN_GRANULE_BYTES) != NULL);
    }
    unsigned direct = 0;
    MUST(cn_walk_blocks(NULL, expect_direct_last, &direct) && direct == 5);
    direct = 0;
    MUST(cn_walk_blocks(heaps[1], expect_direct_last, &direct) && direct == 0);
}

static void mappings_of_their_own_come_last_and_in_no_heap(void **state) {
    (void)state;
    expect_return(walk_with_mappings, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_in_order_and_cover_what_is_taken),
        cmocka_unit_test(region_without_pools_has_no_place),
        cmocka_unit_test(pending_frees_do_not_hide_a_pool),
        cmocka_unit_test(every_live_block_is_visited_once_in_order),
        cmocka_unit_test(what_is_freed_by_anybody_is_not_visited),
        cmocka_unit_test(visitor_may_free_what_it_is_given),
        cmocka_unit_test(mappings_of_their_own_come_last_and_in_no_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
