/*
 * misuse_writes.c: writes where the program must not write.
 */
#include "fuzz/misuse_bugs.h"

#include "alloc/bits.h"
#include "alloc/cairn.h"
#include "alloc/layout.h"
#include "alloc/region.h"
#include "debug/record.h"
#include "fuzz/expect.h"
#include "fuzz/misuse_due.h"
#include "fuzz/misuse_pick.h"
#include "fuzz/misuse_places.h"
#include "fuzz/misuse_search.h"

enum {
    WRITTEN_MAX = 64,     /* bytes, but through several blocks */
    NEXT_HEAD_BYTES = 16, /* at least */
    COPY_BYTES = 8,
    CANARY_HEAD_MAX_BYTES = 4096,
    SEAL_PAGE_BYTES = 4096,
    FAR_BYTES = 8192,       /* from all that is not nobody's */
    FRESH_MAX_BYTES = 4096, /* so much that was never handed out is looked at behind a pool's last block */
};

/* ---- canaries and fills ------------------------------------------------------------------------------------------ */

static void write_at(struct cn_misuse_blocks *blocks, char *at, size_t bytes) {
    uint8_t mask = cn_bytes_take(blocks->input);
    cn_misuse_damage(at, bytes, mask % 4 == 0 ? CN_MISUSE_NULS : CN_MISUSE_OTHER_BYTES, mask);
}

/* How many bytes are written, of those that can be. */
static size_t take_length(struct cn_misuse_blocks *blocks, size_t limit) {
    size_t wanted = 1 + cn_bytes_take(blocks->input) % WRITTEN_MAX;
    return cn_min(wanted, limit);
}

/* Whether the next bytes are those of the same pool. */
static bool has_next(const struct cn_misuse_block *block) {
    return cn_misuse_is_of_pool(block) &&
           (uintptr_t)(block->user + block->size + block->tail_bytes) % CN_SLOT_BYTES != 0;
}

static void write_behind(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live_of_named);
    char *end = block->user + block->size;
    size_t offset = cn_misuse_take_below(blocks, block->tail_bytes);
    size_t own = block->tail_bytes - offset;
    size_t bytes = take_length(blocks, own + (has_next(block) ? NEXT_HEAD_BYTES : 0));
    cn_misuse_due("heap-buffer-overflow", NULL, block);
    if (bytes <= own) {
        cn_misuse_due_exactly(block, "past its end", end + offset, bytes);
    }
    write_at(blocks, end + offset, bytes);
    cn_misuse_search_for(blocks, block);
}

static const struct cn_misuse_block *find_live_before(const struct cn_misuse_blocks *blocks,
                                                      const struct cn_misuse_block *block) {
    const char *core = block->user - block->head_bytes;
    for (const struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES; at++) {
        if (at->state == CN_MISUSE_LIVE && cn_misuse_is_of_pool(at) && at->user + at->size + at->tail_bytes == core) {
            return at;
        }
    }
    return NULL;
}

/* Whether damage from `at` on is nearer to the end of the live block before (NULL: there is none) than to the start of the
 * block behind, which is `rest` bytes from its end. */
static bool is_nearer_to_end(const struct cn_misuse_block *before, const char *at, ptrdiff_t rest) {
    return before != NULL && at - (before->user + before->size) < rest;
}

/* Nearer to the end of the block before, it is that one's. */
static void write_before(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live_of_named);
    size_t most = cn_misuse_is_of_pool(block) ? block->head_bytes : cn_min(block->head_bytes, CANARY_HEAD_MAX_BYTES);
    size_t distance = 1 + cn_misuse_take_below(blocks, most);
    size_t bytes = take_length(blocks, distance);
    char *at = block->user - distance;
    const struct cn_misuse_block *before = cn_misuse_is_of_pool(block) ? find_live_before(blocks, block) : NULL;
    if (is_nearer_to_end(before, at, (ptrdiff_t)(distance - bytes))) {
        cn_misuse_due("heap-buffer-overflow", NULL, before);
        cn_misuse_due_exactly(before, "past its end", at, bytes);
    } else {
        cn_misuse_due("heap-buffer-underflow", NULL, block);
        cn_misuse_due_exactly(block, "before its start", at, bytes);
    }
    write_at(blocks, at, bytes);
    cn_misuse_search_for(blocks, block);
}

/* A neighbour's canary is none here. */
static void copy_before(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live_of_named);
    struct cn_misuse_block other = *block;
    struct cn_misuse_block *found = cn_misuse_pick(blocks, cn_misuse_is_live);
    if (found == block) {
        found = cn_misuse_make(blocks, 1, CN_ASKED_MALLOC);
    }
    if (block->state != CN_MISUSE_LIVE || block->born != other.born) {
        return;
    }
    cn_misuse_due("heap-buffer-underflow", NULL, block);
    cn_misuse_damage_by_copy(block->user - COPY_BYTES, found->user - COPY_BYTES, COPY_BYTES);
    cn_misuse_search_for(blocks, block);
}

static void write_after_free(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_freed(blocks, cn_misuse_is_freed_of_named);
    if (block == NULL) {
        return;
    }
    size_t distance = cn_misuse_take_below(blocks, block->size + block->tail_bytes);
    size_t bytes = take_length(blocks, block->size + block->tail_bytes - distance);
    cn_misuse_due("heap-use-after-free", NULL, block);
    cn_misuse_due_exactly(block, "after it was freed", block->user + distance, bytes);
    write_at(blocks, block->user + distance, bytes);
    cn_misuse_search_for(blocks, block);
}

/* Whose write that is depends on the block before, so it is looked for at once. */
static void write_before_freed(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_freed(blocks, cn_misuse_is_freed_of_pool);
    if (block == NULL) {
        return;
    }
    const struct cn_misuse_block *before = find_live_before(blocks, block);
    size_t distance = 1 + cn_misuse_take_below(blocks, block->head_bytes);
    size_t bytes = take_length(blocks, distance);
    char *at = block->user - distance;
    if (is_nearer_to_end(before, at, (ptrdiff_t)(distance - bytes))) {
        cn_misuse_due("heap-buffer-overflow", NULL, before);
        cn_misuse_due_exactly(before, "past its end", at, bytes);
    } else {
        cn_misuse_due("heap-use-after-free", NULL, block);
        cn_misuse_due_exactly(block, "after it was freed", at, bytes);
    }
    write_at(blocks, at, bytes);
    cn_misuse_sweep();
    cn_misuse_settle();
}

/* Over the tail, into what was never handed out: what was may be nearer. It is the thread's blocks that this is done with:
 * of these alone a sweep looks at what was never handed out when there are other threads, such as the fuzzer's. None of
 * them must be parked, so none waits. */
static void write_beyond(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, cn_misuse_is_live_of_thread);
    block = block != NULL ? block : cn_misuse_make(blocks, 0, CN_ASKED_MALLOC);
    cn_misuse_empty_quarantine(blocks);
    size_t offset = cn_misuse_take_below(blocks, NEXT_HEAD_BYTES);
    size_t bytes = take_length(blocks, NEXT_HEAD_BYTES - offset);
    char *at = block->user + block->size + block->tail_bytes + offset;
    if (!has_next(block) || cn_record_around(at).kind != CN_BLOCK_NONE) {
        return;
    }
    cn_misuse_due("heap-buffer-overflow", NULL, block);
    cn_misuse_due_exactly(block, "past its end", at, bytes);
    write_at(blocks, at, bytes);
    cn_misuse_sweep();
    cn_misuse_settle();
}

/* The freed block that starts where this one's surroundings end, in the same slot; NULL: there is none. */
static struct cn_misuse_block *find_freed_behind(struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block) {
    const char *core = block->user + block->size + block->tail_bytes;
    for (struct cn_misuse_block *at = blocks->places; at < blocks->places + CN_MISUSE_PLACES && has_next(block); at++) {
        if (cn_misuse_is_freed_of_pool(blocks, at) && at->user - at->head_bytes == core) {
            return at;
        }
    }
    return NULL;
}

/* A live block, and freed ones behind it where they come to lie there. */
static struct cn_misuse_block *make_freed_behind(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_make(blocks, 1, CN_ASKED_MALLOC);
    for (unsigned count = 1 + cn_bytes_take(blocks->input) % 3; count > 0 && cn_misuse_has_room(blocks); count--) {
        cn_misuse_free(blocks, cn_misuse_make_sized(blocks, 1, CN_ASKED_MALLOC, block->size));
    }
    return block;
}

static size_t core_bytes_of(const struct cn_misuse_block *block) {
    return block->head_bytes + block->size + block->tail_bytes;
}

/* Through freed blocks: it is the overflow of the live one before them, whichever is come upon first. Where that is a freed
 * one that leaves quarantine, it is kept, and the report tells the bytes up to its end. */
static void write_through(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = make_freed_behind(blocks);
    size_t offset = cn_misuse_take_below(blocks, block->tail_bytes);
    size_t room = block->tail_bytes - offset;
    struct cn_misuse_block *first = find_freed_behind(blocks, block);
    for (const struct cn_misuse_block *freed = first; freed != NULL; freed = find_freed_behind(blocks, freed)) {
        room += core_bytes_of(freed);
    }
    size_t bytes = 1 + cn_misuse_take_below(blocks, cn_min(room, CN_MISUSE_DAMAGE_MAX));
    char *at = block->user + block->size + offset;
    size_t through = bytes + offset > block->tail_bytes ? bytes + offset - block->tail_bytes : 0;
    bool is_in_first = first != NULL && through > 0 && through <= core_bytes_of(first);
    cn_misuse_due("heap-buffer-overflow", NULL, block);
    cn_misuse_due_exactly(block, "past its end", at, bytes);
    cn_misuse_damage(at, bytes, CN_MISUSE_OTHER_BYTES, cn_bytes_take(blocks->input));
    if (is_in_first && blocks->all_wait && cn_bytes_take(blocks->input) % 2 == 0) {
        cn_misuse_empty_quarantine(blocks);
        first->state = CN_MISUSE_PARKED;
    }
    cn_misuse_sweep();
    cn_misuse_settle();
}

/* The size of blocks of which magazines hold few, so that one is soon the last that its pool has handed out. */
static size_t take_large_size(struct cn_misuse_blocks *blocks) {
    enum { LEAST_BYTES = 8 << 10, MOST_BYTES = 60 << 10 };
    return LEAST_BYTES + cn_misuse_take_below(blocks, MOST_BYTES - LEAST_BYTES);
}

enum { LARGE_BLOCKS_MAX = 24 };

static struct cn_misuse_block *take_last_of_pool(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, cn_misuse_is_last_of_pool);
    size_t size = take_large_size(blocks);
    for (unsigned i = 0; i < LARGE_BLOCKS_MAX && block == NULL; i++) {
        block = cn_misuse_make_sized(blocks, 0, CN_ASKED_MALLOC, size);
        block = cn_misuse_is_last_of_pool(blocks, block) ? block : NULL;
    }
    return block;
}

/* Has the pool hand out what is behind the block, which is looked at before. */
static void hand_out_behind(struct cn_misuse_blocks *blocks, size_t size) {
    for (unsigned i = 0; i < LARGE_BLOCKS_MAX && !cn_misuse_is_seen() && cn_misuse_has_room(blocks); i++) {
        (void)cn_misuse_make_sized(blocks, 0, CN_ASKED_MALLOC, size);
    }
}

/* Beyond the block, into what its pool has never handed out. */
static void write_into_fresh(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = take_last_of_pool(blocks);
    bool is_swept = cn_bytes_take(blocks->input) % 2 == 0;
    if (block == NULL || !has_next(block)) {
        return;
    }
    char *end = block->user + block->size + block->tail_bytes;
    size_t room = cn_min(FRESH_MAX_BYTES, CN_SLOT_BYTES - (uintptr_t)end % CN_SLOT_BYTES);
    size_t offset = cn_misuse_take_below(blocks, room);
    size_t bytes = take_length(blocks, room - offset);
    cn_misuse_due("heap-buffer-overflow", NULL, block);
    cn_misuse_due_exactly(block, "past its end", end + offset, bytes);
    write_at(blocks, end + offset, bytes);
    if (!is_swept) {
        hand_out_behind(blocks, block->size);
    }
    cn_misuse_sweep();
    cn_misuse_settle();
}

/* Far from all blocks, and where there was no large one, which it would be put down to. */
static void write_to_nobody(struct cn_misuse_blocks *blocks) {
    char *slot = cn_misuse_take_unowned(blocks);
    size_t offset = FAR_BYTES + cn_misuse_take_below(blocks, CN_SLOT_BYTES - 2 * FAR_BYTES - WRITTEN_MAX);
    size_t bytes = take_length(blocks, WRITTEN_MAX);
    if (slot == NULL || cn_record_around(slot + offset).kind != CN_BLOCK_NONE) {
        return;
    }
    cn_misuse_due("heap-buffer-overflow", NULL, NULL);
    cn_misuse_damage(slot + offset, bytes, CN_MISUSE_OTHER_BYTES, cn_bytes_take(blocks->input));
    cn_misuse_sweep();
    cn_misuse_settle();
}

/* ---- promises ---------------------------------------------------------------------------------------------------- */

/* Some of the block's bytes that no page watches over while it is sealed: a span has such on its first and last page.
 * Their number; 0: there are none. */
static size_t take_unwatched(struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block, size_t *offset) {
    uintptr_t page = SEAL_PAGE_BYTES;
    uintptr_t start = (uintptr_t)block->user;
    uintptr_t end = start + block->size;
    uintptr_t pages_start = (start + page - 1) / page * page;
    uintptr_t pages_end = end / page * page;
    if (cn_misuse_is_of_pool(block) || pages_start >= pages_end) {
        pages_start = pages_end = end;
    }
    size_t before = pages_start - start;
    size_t behind = end - pages_end;
    *offset = cn_misuse_take_below(blocks, before + behind);
    if (*offset < before) {
        return take_length(blocks, before - *offset);
    }
    size_t into = *offset - before;
    *offset = pages_end - start + into;
    return into < behind ? take_length(blocks, behind - into) : 0;
}

static void write_sealed(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_can_be_sealed);
    size_t offset = 0;
    size_t bytes = block != NULL ? take_unwatched(blocks, block, &offset) : 0;
    if (bytes == 0) {
        return;
    }
    CN_EXPECT(cairn_seal(block->user), "a block can be sealed");
    block->is_promised = true;
    cn_misuse_due("sealed-write", NULL, block);
    cn_misuse_damage(block->user + offset, bytes, CN_MISUSE_OTHER_BYTES, cn_bytes_take(blocks->input));
    if (cn_bytes_take(blocks->input) % 2 == 0) {
        CN_EXPECT(!cairn_unseal(block->user), "a broken seal is not whole");
        cn_misuse_settle();
    } else {
        cn_misuse_search_for(blocks, block);
    }
}

static void write_fenced(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_can_be_promised);
    if (block == NULL) {
        return;
    }
    size_t start = cn_misuse_take_below(blocks, block->size);
    size_t length = 1 + cn_misuse_take_below(blocks, block->size - start);
    size_t offset = start + cn_misuse_take_below(blocks, length);
    size_t bytes = take_length(blocks, length - (offset - start));
    /* Another fence, which stays whole, comes before. */
    CN_EXPECT(bytes == block->size || cairn_fence(block->user, (offset + bytes) % block->size, 1),
              "a byte of a block can be fenced");
    CN_EXPECT(cairn_fence(block->user, start, length), "bytes of a block can be fenced");
    block->is_promised = true;
    cn_misuse_due("fence-write", NULL, block);
    cn_misuse_due_exactly(block, "in one of its fences", block->user + offset, bytes);
    write_at(blocks, block->user + offset, bytes);
    cn_misuse_search_for(blocks, block);
}

cn_misuse_bug *const cn_misuse_writes[CN_MISUSE_WRITES] = {
    write_behind, write_before, copy_before,      write_after_free, write_before_freed, write_beyond,
    write_sealed, write_fenced, write_into_fresh, write_to_nobody,  write_through,
};
