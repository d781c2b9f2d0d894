#include "fuzz/misuse_blocks.h"

#include <string.h>

#include "alloc/cairn.h"
#include "alloc/layout.h"
#include "alloc/size_class.h"
#include "fuzz/expect.h"
#include "fuzz/pattern.h"
#include "fuzz/trace.h"

enum { HEAD_MIN_BYTES = 16, SWEEPS_MAX = 2, FILLED_MAX_BYTES = 4096, ALIGNMENT_SHIFT_MAX = 12 };

const char *const cn_misuse_asked_names[] = {"malloc", "calloc", "aligned_alloc", "new", "new[]"};

/* ---- places ------------------------------------------------------------------------------------------------------ */

static const char *core_of(const struct cn_misuse_block *block) { return block->user - block->head_bytes; }
static const char *core_end_of(const struct cn_misuse_block *block) {
    return block->user + block->size + block->tail_bytes;
}

static bool overlap(const struct cn_misuse_block *one, const struct cn_misuse_block *other) {
    return core_of(one) < core_end_of(other) && core_of(other) < core_end_of(one);
}

static size_t core_bytes_of(const struct cn_misuse_block *block) {
    return (size_t)(core_end_of(block) - core_of(block));
}

bool cn_misuse_is_of_pool(const struct cn_misuse_block *block) { return core_bytes_of(block) <= CN_BLOCK_MAX_BYTES; }

static size_t filled_bytes(const struct cn_misuse_block *block) {
    return block->is_promised ? 0 : cn_min(block->size, FILLED_MAX_BYTES);
}

static void fill(struct cn_misuse_block *block) {
    cn_pattern_fill((unsigned char *)block->user, 0, filled_bytes(block), block->born);
}

static void expect_contents(const char *user, const struct cn_misuse_block *block, size_t bytes) {
    CN_EXPECT(cn_pattern_is_there((const unsigned char *)user, 0, cn_min(bytes, filled_bytes(block)), block->born),
              "a block keeps what the program wrote");
}

struct cn_misuse_block *cn_misuse_pick(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits) {
    size_t first = cn_bytes_take(blocks->input);
    for (size_t i = 0; i < CN_MISUSE_PLACES; i++) {
        struct cn_misuse_block *block = &blocks->places[(first + i) % CN_MISUSE_PLACES];
        if (fits(blocks, block)) {
            return block;
        }
    }
    return NULL;
}

static bool is_live(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    (void)blocks;
    return block->state == CN_MISUSE_LIVE;
}

static bool is_live_without_promise(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    return is_live(blocks, block) && !block->is_promised;
}

/* A place that was never used, else that of the block that was freed first, else of a live one, which is freed. */
static struct cn_misuse_block *find_room(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *oldest = NULL;
    struct cn_misuse_block *live = NULL;
    for (struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at->state == CN_MISUSE_UNUSED) {
            return at;
        }
        if (at->state == CN_MISUSE_FREED && (oldest == NULL || at->ended < oldest->ended)) {
            oldest = at;
        }
        if (at->state == CN_MISUSE_LIVE && (live == NULL || at->born < live->born)) {
            live = at;
        }
    }
    if (oldest == NULL) {
        cn_misuse_free(blocks, live);
        oldest = live;
    }
    return oldest;
}

bool cn_misuse_has_room(const struct cn_misuse_blocks *blocks) {
    for (const struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at->state == CN_MISUSE_UNUSED || at->state == CN_MISUSE_FREED) {
            return true;
        }
    }
    return false;
}

static bool share_a_slot(const struct cn_misuse_block *one, const struct cn_misuse_block *other) {
    return (uintptr_t)one->user >> CN_SLOT_SHIFT == (uintptr_t)other->user >> CN_SLOT_SHIFT;
}

bool cn_misuse_is_known_freed(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    if (block->state != CN_MISUSE_FREED) {
        return false;
    }
    for (size_t i = 0; i < CN_MISUSE_PLACES && !blocks->all_wait; i++) {
        const struct cn_misuse_block *other = &blocks->places[i];
        if (other->state == CN_MISUSE_LIVE && share_a_slot(other, block) && other->born < block->ended) {
            return cn_misuse_is_of_pool(block);
        }
    }
    return blocks->all_wait;
}

/* ---- right calls ------------------------------------------------------------------------------------------------- */

/* From 0 on; of each of the ranges of sizes that the allocator treats alike. */
static size_t take_size(struct cn_misuse_blocks *blocks) {
    uint8_t byte = cn_bytes_take(blocks->input);
    size_t low = byte & 63;
    switch (byte >> 6) {
    case 0:
        return low;
    case 1:
        return (low + 1) * HEAD_MIN_BYTES - 1;
    case 2:
        return cn_bytes_take(blocks->input) + ((size_t)256 << low % 8);
    default: /* most of them spans */
        return low % 4 * CN_SLOT_BYTES + cn_bytes_take(blocks->input) * HEAD_MIN_BYTES + low / 4;
    }
}

/* Now and then one with which not all of what is before the block are canaries. */
static unsigned take_alignment_shift(struct cn_misuse_blocks *blocks) {
    enum { LONG_HEAD_FROM = 250 };
    uint8_t byte = cn_bytes_take(blocks->input);
    return byte < LONG_HEAD_FROM ? byte % (ALIGNMENT_SHIFT_MAX + 1U) : ALIGNMENT_SHIFT_MAX + 1U + byte % 2U;
}

static void *ask(struct cairn_heap *heap, enum cn_asked asked, size_t size, size_t alignment) {
    switch (asked) {
    case CN_ASKED_MALLOC:
        return heap != NULL ? cairn_heap_malloc(heap, size) : cairn_malloc(size);
    case CN_ASKED_CALLOC:
        return heap != NULL ? cairn_heap_calloc(heap, 1, size) : cairn_calloc(1, size);
    case CN_ASKED_ALIGNED:
        return heap != NULL ? cairn_heap_aligned_alloc(heap, alignment, size) : cairn_aligned_alloc(alignment, size);
    default: /* as operator new has it */
        return cn_debug_malloc(heap, size, alignment, asked);
    }
}

/* What the block's surroundings are, by the size classes. */
static void measure(struct cn_misuse_block *block, size_t alignment) {
    block->head_bytes = cn_max(alignment, HEAD_MIN_BYTES);
    size_t bytes = block->head_bytes + block->size + 1;
    size_t core_bytes = cn_round_up(bytes, CN_SLOT_BYTES);
    if (bytes <= CN_BLOCK_MAX_BYTES) {
        unsigned class_index = alignment <= HEAD_MIN_BYTES ? cn_class_of(bytes) : cn_class_of_aligned(bytes, alignment);
        core_bytes = cn_class_at(class_index)->block_bytes;
    }
    block->tail_bytes = core_bytes - block->head_bytes - block->size;
}

static void note(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block, size_t alignment) {
    CN_EXPECT(block->user != NULL, "there is memory");
    CN_EXPECT((uintptr_t)block->user % alignment == 0, "a block is aligned");
    measure(block, alignment);
    for (struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at == block || at->state == CN_MISUSE_UNUSED || !overlap(at, block)) {
            continue;
        }
        CN_EXPECT(at->state != CN_MISUSE_LIVE, "a block overlaps no other");
        CN_EXPECT(at->state != CN_MISUSE_PARKED, "a block that was found damaged is never used again");
        CN_EXPECT(!blocks->all_wait, "a freed block waits before its next use");
        at->state = CN_MISUSE_UNUSED;
    }
    CN_TRACE("%s, %zu bytes, alignment %zu, heap %u: block %p", cn_misuse_asked_names[block->asked], block->size,
             alignment, block->heap, (void *)block->user);
    block->born = ++blocks->time;
    block->is_promised = false;
    block->state = CN_MISUSE_LIVE;
}

struct cn_misuse_block *cn_misuse_make_sized(struct cn_misuse_blocks *blocks, unsigned heap, enum cn_asked asked,
                                             size_t size) {
    struct cn_misuse_block *block = find_room(blocks);
    size_t alignment = HEAD_MIN_BYTES;
    block->state = CN_MISUSE_UNUSED;
    block->size = size;
    block->heap = heap;
    block->asked = asked;
    if (asked == CN_ASKED_ALIGNED) {
        alignment = (size_t)1 << take_alignment_shift(blocks);
    }
    block->user = ask(blocks->heaps[heap], asked, block->size, alignment);
    note(blocks, block, alignment);
    if (asked == CN_ASKED_CALLOC) {
        CN_EXPECT(cn_pattern_is_zero((const unsigned char *)block->user, block->size), "calloc's blocks are zero");
    }
    fill(block);
    return block;
}

struct cn_misuse_block *cn_misuse_make(struct cn_misuse_blocks *blocks, unsigned heap, enum cn_asked asked) {
    size_t size = take_size(blocks);
    return cn_misuse_make_sized(blocks, heap, asked, size);
}

void cn_misuse_note_end(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block) {
    CN_TRACE("block %p ends", (void *)block->user);
    block->state = CN_MISUSE_FREED;
    block->ended = ++blocks->time;
    blocks->freed_bytes += core_bytes_of(block);
    blocks->all_wait = blocks->all_wait && blocks->freed_bytes <= CN_MISUSE_QUARANTINE_BYTES / 2;
}

void cn_misuse_free(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block) {
    struct cairn_heap *heap = blocks->heaps[block->heap];
    uint8_t how = cn_bytes_take(blocks->input);
    expect_contents(block->user, block, block->size);
    cn_misuse_note_end(blocks, block);
    if (block->asked == CN_ASKED_NEW || block->asked == CN_ASKED_NEW_ARRAY) {
        cn_debug_free(NULL, block->user, &(struct cn_release){"delete", block->asked, CN_ANY_SIZE, 0});
    } else if (how % 4 == 0) {
        cairn_free_sized(block->user, block->size);
    } else if (how % 4 == 1) {
        cairn_free_aligned_sized(block->user, block->head_bytes, block->size);
    } else if (heap != NULL && how % 4 == 2) {
        cairn_heap_free(heap, block->user);
    } else {
        cairn_free(block->user);
    }
}

static bool can_be_resized(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    return is_live_without_promise(blocks, block) && block->asked != CN_ASKED_NEW && block->asked != CN_ASKED_NEW_ARRAY;
}

/* A large block sometimes grows by little, which needs no move. */
static size_t take_new_size(struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    enum { LITTLE_SHARE = 8 };
    size_t size = take_size(blocks) + 1;
    bool is_little = size % 2 == 0 && size < block->size && !cn_misuse_is_of_pool(block);
    return is_little ? block->size + size % (block->size / LITTLE_SHARE) : size;
}

static void resize(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, can_be_resized);
    if (block == NULL) {
        return;
    }
    struct cn_misuse_block *moved = find_room(blocks);
    if (block->state != CN_MISUSE_LIVE) {
        return;
    }
    size_t size = take_new_size(blocks, block);
    cn_misuse_note_end(blocks, block);
    *moved = (struct cn_misuse_block){.size = size, .heap = block->heap, .asked = CN_ASKED_MALLOC};
    moved->user = cairn_realloc(block->user, size);
    if (moved->user == block->user) {
        block->state = CN_MISUSE_UNUSED;
    }
    note(blocks, moved, moved->user == block->user ? block->head_bytes : HEAD_MIN_BYTES);
    expect_contents(moved->user, block, size);
    fill(moved);
}

static void promise(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, is_live_without_promise);
    if (block != NULL) {
        CN_TRACE("block %p is sealed, and unsealed", (void *)block->user);
        CN_EXPECT(cairn_seal(block->user), "a block can be sealed");
        CN_EXPECT(cairn_unseal(block->user), "a seal that was not broken is whole");
    }
}

static void end_one(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, is_live);
    if (block != NULL) {
        cn_misuse_free(blocks, block);
    }
}

/* Costs more than all else. */
static void sweep(struct cn_misuse_blocks *blocks) {
    if (blocks->sweeps++ < SWEEPS_MAX) {
        CN_TRACE("sweep");
        CN_EXPECT(cairn_check(), "all is as it should be");
    }
}

void cn_misuse_step(struct cn_misuse_blocks *blocks) {
    uint8_t code = cn_bytes_take(blocks->input);
    unsigned heap = (code >> 4) % CN_MISUSE_HEAPS;
    switch (code % 16) {
    case 0:
    case 1:
    case 2:
        (void)cn_misuse_make(blocks, heap, CN_ASKED_MALLOC);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        (void)cn_misuse_make(blocks, heap, (enum cn_asked)(code % 16 - 2));
        break;
    case 7:
    case 8:
        resize(blocks);
        break;
    case 9:
        promise(blocks);
        break;
    case 10:
        CN_TRACE("trim");
        (void)cairn_trim();
        break;
    case 11:
        sweep(blocks);
        break;
    default:
        end_one(blocks);
    }
}

/* ---- heaps ------------------------------------------------------------------------------------------------------- */

static void create_heap(struct cn_misuse_blocks *blocks, unsigned heap) {
    blocks->heaps[heap] = cairn_heap_create(heap == 1 ? "one" : "two", NULL);
    CN_EXPECT(blocks->heaps[heap] != NULL, "there is room for a heap");
}

void cn_misuse_renew_heap(struct cn_misuse_blocks *blocks, unsigned heap) {
    for (struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at->heap == heap) {
            at->state = CN_MISUSE_UNUSED;
        }
    }
    CN_TRACE("heap %u is destroyed and made anew", heap);
    cairn_heap_destroy(blocks->heaps[heap]);
    create_heap(blocks, heap);
}

void cn_misuse_begin(struct cn_misuse_blocks *blocks, struct cn_bytes *input) {
    memset(blocks, 0, sizeof *blocks);
    blocks->input = input;
    for (unsigned heap = 1; heap < CN_MISUSE_HEAPS; heap++) {
        create_heap(blocks, heap);
    }
}

void cn_misuse_finish(struct cn_misuse_blocks *blocks) {
    for (struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at->state == CN_MISUSE_LIVE && at->heap == 0) {
            cn_misuse_free(blocks, at);
        }
    }
    for (unsigned heap = 1; heap < CN_MISUSE_HEAPS; heap++) {
        cairn_heap_destroy(blocks->heaps[heap]);
    }
}
