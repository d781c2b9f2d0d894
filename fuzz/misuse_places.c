#define _GNU_SOURCE
#include "fuzz/misuse_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc/pool.h"
#include "alloc/region.h"
#include "debug/record.h"
#include "fuzz/expect.h"
#include "fuzz/misuse_pick.h"

#define OUTSIDE "it lies outside the heap, "

enum { PAGE_BYTES = 4096, GLOBAL_BYTES = 16, PLACES_OUTSIDE = 12 };

/* ---- in the heap ------------------------------------------------------------------------------------------------- */

char *cn_misuse_take_unowned(struct cn_misuse_blocks *blocks) {
    size_t slots = atomic_load(&cn_region.arena_count) * CN_ARENA_SLOTS;
    size_t from = cn_misuse_take_below(blocks, slots);
    for (size_t i = 0; i < slots; i++) {
        size_t slot = (from + i) % slots;
        const struct cn_arena *arena = &cn_region.arenas[slot / CN_ARENA_SLOTS];
        uint64_t held = atomic_load(&arena->used) | atomic_load(&arena->dirty);
        if (atomic_load(&arena->is_committed) && (held >> slot % CN_ARENA_SLOTS & 1) == 0) {
            return cn_slot_address(slot);
        }
    }
    return NULL;
}

/* Where there was a large block, it is still known as freed. */
static char *take_in_unowned(struct cn_misuse_blocks *blocks) {
    char *slot = cn_misuse_take_unowned(blocks);
    char *at = slot != NULL ? slot + cn_misuse_take_below(blocks, CN_SLOT_BYTES) : NULL;
    return at != NULL && cn_record_around(at).kind == CN_BLOCK_NONE ? at : NULL;
}

static char *take_beyond_arenas(struct cn_misuse_blocks *blocks) {
    size_t from = atomic_load(&cn_region.arena_count) * CN_ARENA_BYTES;
    return cn_region.base + from + cn_misuse_take_below(blocks, cn_region.arena_limit * CN_ARENA_BYTES - from);
}

/* The pool of some live block, and the bytes of its blocks; NULL: that block is none of a pool. */
static const struct cn_pool *take_pool(struct cn_misuse_blocks *blocks, size_t *block_bytes) {
    const struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live);
    *block_bytes = block->head_bytes + block->size + block->tail_bytes;
    return cn_misuse_is_of_pool(block)
               ? cn_pool_of_slot(cn_slot_of_granule(cn_granule_of(block->user - block->head_bytes)))
               : NULL;
}

/* In a pool, where what was handed out ends: in what is left for more blocks, or behind the last of these. */
static char *take_in_pool(struct cn_misuse_blocks *blocks, bool is_slack) {
    size_t block_bytes;
    const struct cn_pool *pool = take_pool(blocks, &block_bytes);
    if (pool == NULL) {
        return NULL;
    }
    size_t bytes = cn_pool_slots(pool) * CN_SLOT_BYTES;
    size_t blocks_end = bytes / block_bytes * block_bytes;
    size_t fresh = cn_pool_fresh(pool) * block_bytes;
    size_t start = is_slack ? blocks_end : fresh;
    size_t end = is_slack ? bytes : blocks_end;
    return start < end ? cn_pool_address(pool) + start + cn_misuse_take_below(blocks, end - start) : NULL;
}

/* ---- outside it -------------------------------------------------------------------------------------------------- */

static char global[GLOBAL_BYTES];
static char *mapped;      /* three pages, of which the second is of a file */
static char *mapped_file; /* that page */
static char *foreign;     /* a block of the C library */

void cn_misuse_places_init(void) {
    FILE *file = tmpfile();
    foreign = malloc(GLOBAL_BYTES);
    CN_EXPECT(foreign != NULL, "the C library has memory");
    CN_EXPECT(file != NULL && ftruncate(fileno(file), PAGE_BYTES) == 0, "a file can be made");
    mapped = mmap(NULL, (size_t)3 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CN_EXPECT(mapped != MAP_FAILED, "memory can be mapped");
    mapped_file = mmap(mapped + PAGE_BYTES, PAGE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(file), 0);
    CN_EXPECT(mapped_file != MAP_FAILED, "a file can be mapped");
}

static void *at_address(uintptr_t address) { return (void *)address; } // NOLINT: any address

static struct cn_misuse_place take_outside(const struct cn_misuse_blocks *blocks, char *local, size_t which) {
    const struct cn_misuse_place places[PLACES_OUTSIDE] = {
        {global, OUTSIDE "in the data of "},
        {local, OUTSIDE "on the stack of thread "},
        {foreign, OUTSIDE},
        {at_address((uintptr_t)cn_misuse_take_place), OUTSIDE "in the code of "},
        {blocks->heaps[1], OUTSIDE "in Cairn's own tables"},
        {at_address(1), OUTSIDE "in the page at NULL"},
        {at_address(GLOBAL_BYTES), OUTSIDE "in the page at NULL"},
        {at_address(UINTPTR_MAX), OUTSIDE "at an address where nothing is mapped"},
        {at_address((uintptr_t)1 << 63), OUTSIDE "at an address where nothing is mapped"},
        {mapped, OUTSIDE "in memory that was mapped by somebody else"},
        {mapped + (size_t)2 * PAGE_BYTES, OUTSIDE "in memory that was mapped by somebody else"},
        {mapped_file, OUTSIDE "in the mapped file "},
    };
    return places[which];
}

struct cn_misuse_place cn_misuse_take_place(struct cn_misuse_blocks *blocks, char *local) {
    enum { FRESH = PLACES_OUTSIDE, SLACK, UNOWNED, BEYOND_ARENAS, PLACES };
    size_t which = cn_bytes_take(blocks->input) % PLACES;
    struct cn_misuse_place place = {.words = "no block was handed out there"};
    switch (which) {
    case FRESH:
    case SLACK:
        place.pointer = take_in_pool(blocks, which == SLACK);
        return place;
    case UNOWNED:
        place.pointer = take_in_unowned(blocks);
        return place;
    case BEYOND_ARENAS:
        place.pointer = take_beyond_arenas(blocks);
        return place;
    default:
        return take_outside(blocks, local, which);
    }
}
