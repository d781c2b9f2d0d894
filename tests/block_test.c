/*
 * block_test.c: from any address to what Cairn knows of it (block.h), for each kind of block and of place, and what the
 * reports say of it (misuse.h), word by word.
 */
#define _GNU_SOURCE
#include "alloc/block.h"

#include <sys/mman.h>

#include "alloc/arena.h"
#include "alloc/direct.h"
#include "alloc/heap.h"
#include "alloc/misuse.h"
#include "alloc/route.h"
#include "alloc/span.h"
#include "tests/unit.h"

enum { CLASS = 6, BYTES = 112, SPAN_SLOTS = 5 };

static struct cairn_heap *heap;
static struct cairn_heap *named;
static char *live;   /* the start of a live block, the second of its pool */
static char *freed;  /* of one that was freed, the first of its pool */
static char *span;   /* of a live span of no named heap */
static char *owned;  /* of one of the named heap */
static char *direct; /* of a mapping of its own */

static char *take_block(void) {
    char *block = cn_heap_take(heap, CLASS);
    MUST(block != NULL);
    return block;
}

/* In a child: one block of each kind. */
static void make_blocks(void) {
    cn_class_init();
    cn_region_init();
    heap = cn_heap_claim();
    named = cn_heap_claim_named();
    MUST(heap != NULL && named != NULL);
    freed = take_block();
    live = take_block();
    cn_heap_give(heap, cn_granule_of(freed));
    span = cn_span_malloc(NULL, SPAN_SLOTS * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    owned = cn_span_malloc(named, CN_SLOT_BYTES + 1, CN_GRANULE_BYTES, CN_FILL_NONE);
    direct = cn_direct_malloc(5000, CN_GRANULE_BYTES);
    MUST(span != NULL && owned != NULL && direct != NULL && live == freed + BYTES);
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static void expect_block(const void *pointer, enum cn_block_kind kind, size_t bytes, const struct cairn_heap *of) {
    struct cn_block block = cn_block_find(pointer);
    MUST(block.kind == kind && block.bytes == bytes && block.heap == of);
    MUST(kind != CN_BLOCK_POOL || block.class_index == CLASS);
    MUST((kind != CN_BLOCK_POOL && kind != CN_BLOCK_SPAN) || block.granule == cn_granule_of(pointer));
}

static void expect_none(const void *pointer) { MUST(cn_block_find(pointer).kind == CN_BLOCK_NONE); }

static void find_each_kind(void *argument) {
    (void)argument;
    make_blocks();
    expect_block(live, CN_BLOCK_POOL, BYTES, heap);
    expect_block(span, CN_BLOCK_SPAN, SPAN_SLOTS * CN_SLOT_BYTES, NULL);
    expect_block(owned, CN_BLOCK_SPAN, 2 * CN_SLOT_BYTES, named);
    expect_block(direct, CN_BLOCK_DIRECT, 8192, NULL);
}

static void every_kind_of_live_block_is_found(void **state) {
    (void)state;
    expect_return(find_each_kind, NULL);
}

static void find_no_block(void *argument) {
    (void)argument;
    make_blocks();
    const void *none[] = {NULL,       &argument, freed, heap, cn_region.base - CN_GRANULE_BYTES, (void *)UINTPTR_MAX,
                          direct + 16};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect_none(none[i]);
    }
    for (size_t offset = 1; offset < BYTES; offset++) {
        expect_none(live + offset);
    }
    for (size_t offset = 1; offset < SPAN_SLOTS * CN_SLOT_BYTES; offset += 97) {
        expect_none(span + offset);
    }
    for (unsigned shift = 4; shift < 63; shift++) {
        expect_none((const void *)((uintptr_t)live ^ (uintptr_t)1 << shift));
    }
}

static void no_other_address_is_a_block(void **state) {
    (void)state;
    expect_return(find_no_block, NULL);
}

enum { NOT_IN_THE_HOLE = 77 }; /* an exit status */

/* A span is lost, as by a move of pages that leaves its target unmapped; the system gives the addresses to a direct
 * block sooner or later, the highest first. */
static void find_in_a_hole(void *argument) {
    enum { HOLE_BYTES = 64 << 20, BLOCK_BYTES = 61440, BLOCKS_MAX = 4096 };
    (void)argument;
    make_blocks();
    char *hole = cn_span_malloc(NULL, HOLE_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    MUST(hole != NULL);
    cn_span_lose(cn_slot_of_granule(cn_granule_of(hole)));
    MUST(munmap(hole, HOLE_BYTES) == 0);
    char *block = NULL;
    for (unsigned i = 0; i < BLOCKS_MAX && (uintptr_t)block - (uintptr_t)hole >= HOLE_BYTES; i++) {
        block = cn_direct_malloc(BLOCK_BYTES, CN_GRANULE_BYTES);
        MUST(block != NULL);
    }
    if ((uintptr_t)block - (uintptr_t)hole >= HOLE_BYTES) {
        _exit(NOT_IN_THE_HOLE);
    }
    expect_block(block, CN_BLOCK_DIRECT, BLOCK_BYTES, NULL);
    expect_none(block + CN_GRANULE_BYTES);
    MUST(cn_direct_free(block));
    expect_none(block);
}

static void direct_block_in_a_hole_of_the_region_is_found(void **state) {
    (void)state;
    struct child_end end = run_in_child(find_in_a_hole, NULL, 120);
    if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == NOT_IN_THE_HOLE) {
        skip(); /* ThreadSanitizer says where mappings go */
    }
    expect_success(&end);
}

/* The region is used up, and what grows finds room only where a span was lost. */
static void grow_into_a_hole(void *argument) {
    enum { HOLE_BYTES = 12 << 20, SMALL_BYTES = 3 << 20, GROWN_BYTES = 5 << 20 };
    (void)argument;
    char *small = cn_route_malloc(SMALL_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    char *hole = cn_route_malloc(HOLE_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    MUST(small != NULL && hole != NULL);
    fill_pattern(small, SMALL_BYTES, 8);
    cn_span_lose(cn_slot_of_granule(cn_granule_of(hole)));
    MUST(munmap(hole, HOLE_BYTES) == 0);
    cn_region.arena_limit = cn_arena_count();
    for (size_t slots = CN_ARENA_SLOTS; slots > 0; slots /= 2) {
        while (cn_arena_take(slots, 1) != SIZE_MAX) {
        }
    }
    char *grown = cn_route_realloc("realloc", small, GROWN_BYTES);
    MUST(grown != NULL && cn_block_find(grown).kind == CN_BLOCK_DIRECT && has_pattern(grown, SMALL_BYTES, 8));
    if ((uintptr_t)grown - (uintptr_t)hole >= HOLE_BYTES) {
        _exit(NOT_IN_THE_HOLE);
    }
}

static void block_that_grows_into_a_hole_of_the_region_keeps_its_bytes(void **state) {
    (void)state;
    struct child_end end = run_in_child(grow_into_a_hole, NULL, 120);
    if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == NOT_IN_THE_HOLE) {
        skip(); /* a sanitizer says where mappings go */
    }
    expect_success(&end);
}

static void find_what_was_posted(void *argument) {
    (void)argument;
    make_blocks();
    char *other = take_block();
    MUST(cn_remote_post(&heap->remote, cn_granule_of(live)));
    expect_none(live);
    expect_block(other, CN_BLOCK_POOL, BYTES, heap); /* in the same slot, which is pending now */
    cn_heap_drain(heap);
    expect_none(live);
}

static void block_that_another_thread_has_freed_is_none_at_once(void **state) {
    (void)state;
    expect_return(find_what_was_posted, NULL);
}

/* ---- places -------------------------------------------------------------------------------------------------- */

static void expect_place(const void *pointer, enum cn_place_kind kind, size_t block_bytes, size_t offset) {
    struct cn_place place = cn_place_of(pointer);
    MUST(place.kind == kind);
    MUST(kind != CN_PLACE_INSIDE || (place.block_bytes == block_bytes && place.offset == offset));
}

static void place_each_kind(void *argument) {
    (void)argument;
    make_blocks();
    char *pool = freed;
    size_t blocks = cn_class_at(CLASS)->pool_blocks;
    expect_place(&argument, CN_PLACE_OUTSIDE, 0, 0);
    expect_place(NULL, CN_PLACE_OUTSIDE, 0, 0);
    expect_place(direct + 16, CN_PLACE_OUTSIDE, 0, 0);
    expect_place(cn_region.base - 1, CN_PLACE_OUTSIDE, 0, 0);
    expect_place(cn_region.base + cn_region.arena_limit * CN_ARENA_BYTES - 1, CN_PLACE_OUTSIDE, 0, 0);
    expect_place(owned + 2 * CN_SLOT_BYTES, CN_PLACE_EMPTY, 0, 0);
    expect_place(cn_arena_address(2), CN_PLACE_EMPTY, 0, 0);
    expect_place(freed, CN_PLACE_FREED, 0, 0);
    for (size_t offset = 1; offset < BYTES; offset++) {
        expect_place(freed + offset, CN_PLACE_INSIDE, BYTES, offset);
        expect_place(live + offset, CN_PLACE_INSIDE, BYTES, offset);
    }
    expect_place(pool + (blocks - 1) * BYTES, CN_PLACE_FRESH, 0, 0);
    expect_place(pool + blocks * BYTES, CN_PLACE_FRESH, 0, 0); /* the end of the pool */
    expect_place(span + 1, CN_PLACE_INSIDE, SPAN_SLOTS * CN_SLOT_BYTES, 1);
    expect_place(span + 3 * CN_SLOT_BYTES + 7, CN_PLACE_INSIDE, SPAN_SLOTS * CN_SLOT_BYTES, 3 * CN_SLOT_BYTES + 7);
    expect_place(owned + CN_SLOT_BYTES, CN_PLACE_INSIDE, 2 * CN_SLOT_BYTES, CN_SLOT_BYTES);
}

static void every_kind_of_place_is_told(void **state) {
    (void)state;
    expect_return(place_each_kind, NULL);
}

static void place_what_was_given_back(void *argument) {
    (void)argument;
    make_blocks();
    MUST(cn_span_free(cn_slot_of_granule(cn_granule_of(span))));
    expect_place(span, CN_PLACE_FREED, 0, 0);
    expect_place(span + 1, CN_PLACE_EMPTY, 0, 0);
    expect_place(span + CN_SLOT_BYTES + 1, CN_PLACE_EMPTY, 0, 0);
    cn_heap_give(heap, cn_granule_of(live));
    (void)cn_heap_trim(heap);
    MUST(atomic_load(&cn_region.owner[cn_slot_of_granule(cn_granule_of(live))]) == 0);
    expect_place(live, CN_PLACE_FREED, 0, 0);
    expect_place(live + 16, CN_PLACE_EMPTY, 0, 0);
}

static void starts_are_remembered_when_pool_or_span_is_gone(void **state) {
    (void)state;
    expect_return(place_what_was_given_back, NULL);
}

/* The slots of a pool of several come to hold smaller ones: what their entries remember must not mix. */
static void place_in_slots_reused(void *argument) {
    (void)argument;
    make_blocks();
    void *large = cn_heap_take(heap, CN_CLASS_COUNT - 1);
    size_t slot = cn_slot_of_granule(cn_granule_of(large));
    cn_heap_give(heap, cn_granule_of(large));
    (void)cn_heap_trim(heap);
    for (unsigned class_index = 0; class_index < CN_CLASS_COUNT; class_index += 3) {
        MUST(cn_heap_take(heap, class_index) != NULL);
    }
    for (size_t byte = 0; byte < 8 * CN_SLOT_BYTES; byte += 5) {
        struct cn_place place = cn_place_of(cn_slot_address(slot) + byte);
        MUST(place.kind != CN_PLACE_OUTSIDE);
        MUST(place.kind != CN_PLACE_INSIDE || (place.offset > 0 && place.offset < place.block_bytes));
    }
}

static void places_are_told_within_reused_slots(void **state) {
    (void)state;
    expect_return(place_in_slots_reused, NULL);
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

static void report_inside(void *argument) {
    (void)argument;
    make_blocks();
    cn_misuse_not_live("free", "double-free", live + 17);
}

static void report_inside_by_one(void *argument) {
    (void)argument;
    make_blocks();
    cn_misuse_not_live("free", "double-free", span + 1);
}

static void report_outside(void *argument) {
    (void)argument;
    make_blocks();
    cn_misuse_not_live("realloc", "realloc-of-freed", (void *)(uintptr_t)0x1230);
}

static void report_empty(void *argument) {
    (void)argument;
    make_blocks();
    cn_misuse_not_live("free", "double-free", cn_arena_address(3));
}

static void report_freed(void *argument) {
    (void)argument;
    make_blocks();
    cn_misuse_not_live("realloc", "realloc-of-freed", freed);
}

static void report_other_heap(void *argument) {
    (void)argument;
    cn_misuse_other_heap("cairn_heap_free", (void *)(uintptr_t)0xabc0, "kitchen");
}

static void report_size(void *argument) {
    (void)argument;
    cn_misuse_size("free_sized", (void *)(uintptr_t)0xabc0, CN_GRANULE_BYTES, 1, 64);
}

static void report_size_and_alignment(void *argument) {
    (void)argument;
    cn_misuse_size("free_aligned_sized", (void *)(uintptr_t)0xabc0, 4096, 100, 112);
}

static void report_no_heap(void *argument) {
    (void)argument;
    cn_misuse_no_heap("cairn_heap_destroy", (void *)(uintptr_t)0xabc0);
}

static void expect_report(void (*run)(void *), const char *before, const char *after) {
    struct child_end end = run_in_child(run, NULL, 20);
    expect_abort(&end, before);
    expect_abort(&end, after);
    assert_memory_equal(end.text, "cairn: ERROR: ", 14);
    assert_ptr_equal(strchr(end.text, '\n'), end.text + strlen(end.text) - 1); /* one line */
}

static void reports_say_what_was_handed_in_and_what_it_is(void **state) {
    (void)state;
    expect_report(report_inside, "cairn: ERROR: bad-free: free of 0x",
                  ", which is not the start of a live block: it lies 17 bytes inside a block of 112 bytes\n");
    expect_report(report_inside_by_one, "ERROR: bad-free: free of 0x",
                  "it lies 1 byte inside a block of 327680 bytes\n");
    expect_report(report_outside, "ERROR: bad-free: realloc of 0x1230, which is not the start of a live block: ",
                  "it lies outside the heap\n");
    expect_report(report_empty, "ERROR: bad-free: free of 0x", "no block was handed out there\n");
    expect_report(report_freed, "ERROR: realloc-of-freed: realloc of 0x", ", which is already free\n");
    expect_report(report_other_heap, "ERROR: bad-free: cairn_heap_free of 0xabc0", "not a block of heap 'kitchen'\n");
    expect_report(report_size, "ERROR: size-mismatch: free_sized of 0xabc0 with size 1 byte, ",
                  "which does not belong to its block of 64 bytes\n");
    expect_report(report_size_and_alignment, "with size 100 bytes and alignment 4096 bytes, ", "of 112 bytes\n");
    expect_report(report_no_heap, "ERROR: bad-free: cairn_heap_destroy of 0xabc0", ", which is not a named heap\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_live_block_is_found),
        cmocka_unit_test(no_other_address_is_a_block),
        cmocka_unit_test(direct_block_in_a_hole_of_the_region_is_found),
        cmocka_unit_test(block_that_grows_into_a_hole_of_the_region_keeps_its_bytes),
        cmocka_unit_test(block_that_another_thread_has_freed_is_none_at_once),
        cmocka_unit_test(every_kind_of_place_is_told),
        cmocka_unit_test(starts_are_remembered_when_pool_or_span_is_gone),
        cmocka_unit_test(places_are_told_within_reused_slots),
        cmocka_unit_test(reports_say_what_was_handed_in_and_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
