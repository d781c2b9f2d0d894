/*
 * guard_test.c: blocks on guarded pages (guard.h): where they lie, what around them cannot be accessed, how late their
 * addresses come back, and that they run out without harm. Each case has a zone of its own, in a child.
 */
#define _GNU_SOURCE
#include "alloc/guard.h"

#include "alloc/os.h"
#include "tests/unit.h"

static size_t page(void) { return cn_os_page_bytes(); }

static bool is_readable(const char *address) {
    char byte;
    return cn_os_peek(address, &byte, 1) == 1;
}

static bool is_writable_zero(char *block, size_t size) {
    if (!is_zero(block, size)) {
        return false;
    }
    memset(block, 0x5a, size);
    return true;
}

static char *take(size_t size, size_t alignment) {
    char *block = cn_guard_malloc(size, alignment);
    MUST(block != NULL && cn_guard_covers(block) && is_aligned(block, alignment));
    return block;
}

static void in_zone(void (*run)(void *), enum cn_guard_side side) { expect_return(run, &side); }

static void start(void *side) { cn_guard_start(*(enum cn_guard_side *)side); }

/* ---- where blocks lie ---------------------------------------------------------------------------------------- */

static const size_t sizes[] = {1, 15, 16, 17, 24, 1000, 4080, 4095, 4096, 4097, 8192, 100001, 1 << 20};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void check_end(void *side) {
    start(side);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = take(sizes[i], 16);
        char *end = block + (sizes[i] + 15) / 16 * 16;
        MUST(is_writable_zero(block, sizes[i]));
        MUST(is_aligned(end, page()) && is_readable(end - 1) && !is_readable(end) && !is_readable(end + page() - 1));
    }
    cn_guard_check();
}

static void block_ends_where_its_guard_page_begins(void **state) {
    (void)state;
    in_zone(check_end, CN_GUARD_AFTER);
}

static void check_start(void *side) {
    start(side);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = take(sizes[i], 16);
        MUST(is_writable_zero(block, sizes[i]));
        MUST(is_aligned(block, page()) && !is_readable(block - 1) && !is_readable(block - page()));
    }
    cn_guard_check();
}

static void block_starts_where_its_guard_page_ends(void **state) {
    (void)state;
    in_zone(check_start, CN_GUARD_BEFORE);
}

static void check_alignments(void *side) {
    start(side);
    for (size_t alignment = 16; alignment <= page(); alignment *= 2) {
        for (size_t i = 0; i < SIZES; i++) {
            MUST(is_writable_zero(take(sizes[i], alignment), sizes[i]));
        }
    }
    MUST(cn_guard_malloc(16, 2 * page()) == NULL);
}

static void alignments_up_to_a_page_are_kept_and_larger_ones_refused(void **state) {
    (void)state;
    in_zone(check_alignments, CN_GUARD_AFTER);
    in_zone(check_alignments, CN_GUARD_BEFORE);
}

static void check_empty(void *side) {
    start(side);
    char *before = take(page(), 16);
    char *block = take(0, 16);
    char *after = take(page(), 16);
    MUST(!is_readable(block) && !is_readable(block - 1) && block > before && block < after);
    struct cn_guarded guarded;
    MUST(cn_guard_find(block, &guarded) && guarded.block == block && guarded.size == 0);
    MUST(cn_guard_free(block) && !cn_guard_free(block));
    MUST(is_readable(before) && is_readable(after));
    cn_guard_check();
}

static void block_of_size_0_has_no_byte(void **state) {
    (void)state;
    in_zone(check_empty, CN_GUARD_AFTER);
    in_zone(check_empty, CN_GUARD_BEFORE);
}

static void check_bounds(void *side) {
    MUST(!cn_guard_covers(NULL) && !cn_guard_covers(side) && cn_guard_malloc(16, 16) == NULL);
    start(side);
    size_t bytes = atomic_load(&cn_guard_zone.bytes);
    char *zone = cn_guard_zone.start;
    MUST(bytes == CN_GUARD_ZONE_BYTES);
    MUST(cn_guard_covers(zone) && cn_guard_covers(zone + bytes - 1) && !cn_guard_covers(zone - 1));
    MUST(!cn_guard_covers(zone + bytes) && !cn_guard_covers(NULL) && !cn_guard_covers(side));
    MUST(!is_readable(zone - 1) && !is_readable(zone + bytes));
    MUST(cn_guard_malloc(bytes, 16) == NULL && cn_guard_malloc(SIZE_MAX / 2, 16) == NULL);
    MUST(cn_guard_live_count() == 0);
}

static void zone_is_told_by_its_bounds(void **state) {
    (void)state;
    in_zone(check_bounds, CN_GUARD_AFTER);
}

/* ---- what an address is -------------------------------------------------------------------------------------- */

static void check_find(void *side) {
    struct cn_guarded guarded;
    start(side);
    MUST(!cn_guard_find(cn_guard_zone.start, &guarded));
    char *block = take(100, 16);
    for (const char *at = block; at < block + 100; at++) {
        MUST(cn_guard_find(at, &guarded) && guarded.block == block && guarded.state == CN_GUARDED_LIVE);
    }
    MUST(guarded.size == 100 && guarded.page_bytes == page());
    MUST(guarded.pages <= block && block + 100 <= guarded.pages + page());
    MUST(is_zero(guarded.notes, CN_GUARD_NOTES_BYTES));
    memset(guarded.notes, 0x77, CN_GUARD_NOTES_BYTES);
    char *guard_page = *(enum cn_guard_side *)side == CN_GUARD_AFTER ? guarded.pages + page() : guarded.pages - 1;
    MUST(cn_guard_find(guard_page, &guarded) && guarded.block == block);
    MUST(cn_guard_free(block));
    MUST(cn_guard_find(block, &guarded) && guarded.state == CN_GUARDED_FREED && guarded.size == 100);
    MUST(((char *)guarded.notes)[0] == 0x77);
    MUST(!cn_guard_find(side, &guarded) && !cn_guard_find(NULL, &guarded));
}

static void address_tells_its_block_live_or_freed(void **state) {
    (void)state;
    in_zone(check_find, CN_GUARD_AFTER);
    in_zone(check_find, CN_GUARD_BEFORE);
}

static bool count_states(const struct cn_guarded *guarded, void *counts) {
    ((unsigned *)counts)[guarded->state]++;
    return true;
}

static bool stop_at_once(const struct cn_guarded *guarded, void *count) {
    (void)guarded;
    (*(unsigned *)count)++;
    return false;
}

static void check_walk(void *side) {
    enum { BLOCKS = 30 };
    char *blocks[BLOCKS];
    unsigned counts[CN_GUARDED_FREED + 1] = {0};
    unsigned seen = 0;
    start(side);
    MUST(cn_guard_walk(count_states, counts) && counts[CN_GUARDED_LIVE] == 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = take(i * 1000, 16);
    }
    for (size_t i = 0; i < BLOCKS; i += 3) {
        MUST(cn_guard_free(blocks[i]));
    }
    MUST(cn_guard_walk(count_states, counts));
    MUST(counts[CN_GUARDED_LIVE] == 20 && counts[CN_GUARDED_FREED] == 10 && counts[CN_GUARDED_BUSY] == 0);
    MUST(!cn_guard_walk(stop_at_once, &seen) && seen == 1);
    MUST(cn_guard_live_count() == 20);
    cn_guard_check();
}

static void walk_meets_every_block_once(void **state) {
    (void)state;
    in_zone(check_walk, CN_GUARD_AFTER);
    in_zone(check_walk, CN_GUARD_BEFORE);
}

/* ---- after the free ------------------------------------------------------------------------------------------ */

static void check_freed(void *side) {
    start(side);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = take(sizes[i], 16);
        memset(block, 1, sizes[i]);
        MUST(!cn_guard_free(block + 1) && !cn_guard_free(block + 16) && is_readable(block));
        MUST(cn_guard_free(block) && !is_readable(block) && !is_readable(block + sizes[i] - 1));
        MUST(!cn_guard_free(block));
    }
    MUST(!cn_guard_free(side) && !cn_guard_free(NULL) && !cn_guard_free(cn_guard_zone.start + GIB / 16));
    cn_guard_check();
}

static void freed_block_cannot_be_accessed_nor_freed_again(void **state) {
    (void)state;
    in_zone(check_freed, CN_GUARD_AFTER);
    in_zone(check_freed, CN_GUARD_BEFORE);
}

static void check_order(void *side) {
    enum { BLOCKS = 10000 };
    char *last = NULL;
    start(side);
    for (unsigned i = 0; i < BLOCKS; i++) {
        char *block = take(24, 16);
        MUST(block > last);
        MUST(cn_guard_free(block));
        last = block;
    }
}

static void freed_addresses_do_not_come_back_soon(void **state) {
    (void)state;
    in_zone(check_order, CN_GUARD_AFTER);
}

/* Blocks so large that the zone comes round after a few; smaller ones that stay are gone round. */
static void check_rounds(void *side) {
    enum { KEPT = 8, ROUNDS = 200 };
    char *kept[KEPT];
    start(side);
    size_t large = atomic_load(&cn_guard_zone.bytes) / CN_GUARD_BLOCK_SHARE - 2 * page();
    for (size_t i = 0; i < KEPT; i++) {
        kept[i] = take(3000 + i * 2000, 16);
        memset(kept[i], (int)i + 1, 3000 + i * 2000);
        MUST(cn_guard_free(take(large, 16)));
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *block = take(large - i * 3 * page(), 16);
        block[0] = 1;
        MUST(cn_guard_free(block));
    }
    for (size_t i = 0; i < KEPT; i++) {
        MUST(kept[i][0] == (char)(i + 1) && kept[i][2999 + i * 2000] == (char)(i + 1));
        MUST(cn_guard_free(kept[i]));
    }
    MUST(cn_guard_live_count() == 0);
    cn_guard_check();
}

static void zone_comes_round_and_leaves_live_blocks_alone(void **state) {
    (void)state;
    in_zone(check_rounds, CN_GUARD_AFTER);
    in_zone(check_rounds, CN_GUARD_BEFORE);
}

/* ---- limits -------------------------------------------------------------------------------------------------- */

static void check_limit(void *side) {
    size_t limit = cn_os_mapping_limit() / CN_GUARD_LIVE_SHARE;
    char *block = NULL;
    size_t count = 0;
    start(side);
    for (char *next = take(1, 16); next != NULL; next = cn_guard_malloc(1, 16)) {
        block = next;
        count++;
    }
    MUST(count == limit && cn_guard_live_count() == limit && errno == 0);
    MUST(cn_guard_free(block));
    MUST(cn_guard_malloc(1, 16) != NULL && cn_guard_malloc(1, 16) == NULL);
    cn_guard_check();
}

static void live_blocks_are_bounded_by_a_share_of_the_mappings(void **state) {
    (void)state;
    errno = 0;
    in_zone(check_limit, CN_GUARD_AFTER);
}

/* Every other page readable: as many mappings as the process can have. */
static void fill_map_table(void) {
    size_t pairs = cn_os_mapping_limit() + 2;
    char *area = cn_os_hold(pairs * 2 * page());
    size_t filled = 0;
    MUST(area != NULL);
    while (filled < pairs && cn_os_protect(area + filled * 2 * page(), page(), CN_RIGHT_READ)) {
        filled++;
    }
    MUST(filled < pairs);
}

static void check_full_map_table(void *side) {
    start(side);
    char *block = take(100, 16);
    char *other = take(100, 16);
    fill_map_table();
    MUST(cn_guard_malloc(100, 16) == NULL);
    memset(block, 1, 100);
    MUST(cn_guard_free(block) && !is_readable(block));
    MUST(cn_guard_live_count() == 1);
    memset(other, 1, 100);
    cn_guard_check();
}

static void without_mappings_left_no_block_is_had_and_none_is_lost(void **state) {
    (void)state;
    in_zone(check_full_map_table, CN_GUARD_AFTER);
}

static void check_under_a_limit(void *side) {
    struct rlimit limit = {512 * MIB, 512 * MIB};
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    start(side);
    size_t bytes = atomic_load(&cn_guard_zone.bytes);
    MUST(bytes > 0 && bytes <= limit.rlim_cur / CN_GUARD_ADDRESS_SHARE);
    MUST(is_writable_zero(take(5000, 16), 5000));
    cn_guard_check();
}

static void map_under_a_limit(void *argument) {
    (void)argument;
    struct rlimit limit = {512 * MIB, 512 * MIB};
    MUST(setrlimit(RLIMIT_AS, &limit) == 0 && cn_os_map(page(), page()) != NULL);
}

static void zone_takes_a_small_share_of_limited_address_space(void **state) {
    (void)state;
    struct child_end end = run_in_child(map_under_a_limit, NULL, 10);
    if (!child_succeeded(&end)) {
        skip(); /* a sanitizer's own reservations are beyond any limit */
    }
    in_zone(check_under_a_limit, CN_GUARD_AFTER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_ends_where_its_guard_page_begins),
        cmocka_unit_test(block_starts_where_its_guard_page_ends),
        cmocka_unit_test(alignments_up_to_a_page_are_kept_and_larger_ones_refused),
        cmocka_unit_test(block_of_size_0_has_no_byte),
        cmocka_unit_test(zone_is_told_by_its_bounds),
        cmocka_unit_test(address_tells_its_block_live_or_freed),
        cmocka_unit_test(walk_meets_every_block_once),
        cmocka_unit_test(freed_block_cannot_be_accessed_nor_freed_again),
        cmocka_unit_test(freed_addresses_do_not_come_back_soon),
        cmocka_unit_test(zone_comes_round_and_leaves_live_blocks_alone),
        cmocka_unit_test(live_blocks_are_bounded_by_a_share_of_the_mappings),
        cmocka_unit_test(without_mappings_left_no_block_is_had_and_none_is_lost),
        cmocka_unit_test(zone_takes_a_small_share_of_limited_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
