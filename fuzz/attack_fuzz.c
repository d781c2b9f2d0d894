/*
 * attack_fuzz.c: a program with bugs against the release form, after the model of ArcHeap (Yun and others, USENIX
 * Security 2020): it allocates, frees and writes, and also writes beyond its blocks, before them, into freed ones,
 * frees twice, and frees what is no block. The allocator must never be steered by that: it may end the program, at the
 * very call that is wrong and at no other, or go on, and then
 *
 *   - live blocks do not overlap, lie where blocks may lie, and are aligned and as large as they were asked for;
 *   - nothing is written into a live block, or into the program's own variables, but by the program;
 *   - all of its invariants hold, and its walk shows the live blocks and no others.
 *
 * Freeing through an old pointer what has become somebody else's live block is right by this model: no allocator can
 * tell. Two threads take turns as the input says; they are two heaps that this thread uses one after the other.
 */
#include <inttypes.h>
#include <stdalign.h>
#include <string.h>

#include "alloc/cairn.h"
#include "alloc/direct.h"
#include "alloc/heap.h"
#include "fuzz/attack_call.h"
#include "fuzz/attack_model.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/pages.h"
#include "fuzz/renew.h"
#include "fuzz/trace.h"

enum { CALLS_MAX = 400, HEAPS = 2, ONE_BURST = 32, GRANULE = 16, WILD_WRITE_MAX = 4096, OWN_BYTES = 64 };

static struct cn_attack_model model;
static struct cn_bytes input;
static struct cairn_heap *heaps[HEAPS];
static struct cairn_heap *other_thread; /* its heap */
static bool has_ended;
static alignas(GRANULE) char own[OWN_BYTES]; /* a variable of the program, which wild pointers lead to */

/* Notes where the program is over; false then. */
static bool perform(struct cn_attack_call *call, enum cn_verdict verdict) {
    has_ended = !cn_attack_perform(call, verdict);
    return !has_ended;
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static struct cn_attack_block *take_place(void) { return &model.blocks[cn_bytes_take(&input) % CN_PLACES]; }

/* A place for one more block, rather one whose pointer is not dangling; NULL: all have live ones. */
static struct cn_attack_block *find_room(void) {
    struct cn_attack_block *dangling = NULL;
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (model.blocks[i].state == CN_PLACE_UNUSED) {
            return &model.blocks[i];
        }
        if (model.blocks[i].state == CN_PLACE_DANGLING) {
            dangling = &model.blocks[i];
        }
    }
    return dangling;
}

static size_t take_size(void) {
    uint8_t byte = cn_bytes_take(&input);
    switch (byte >> 6) {
    case 0:
        return (size_t)(byte & 63) * GRANULE;
    case 1:
        return (size_t)cn_bytes_take(&input) + 256 * (size_t)(byte & 3);
    case 2:
        return ((size_t)1024 << (byte & 7)) - (byte >> 3 & 7);
    default:
        return ((size_t)(byte & 15) << 16) + 65537 - (byte >> 4 & 3);
    }
}

/* The addresses at which blocks may lie. */
static bool may_lie_at(const char *start, size_t bytes) {
    size_t granule = cn_granule_of(start);
    if (cn_region_covers(granule)) {
        size_t count = atomic_load_explicit(&cn_region.arena_count, memory_order_relaxed);
        return granule * GRANULE + bytes <= count * CN_ARENA_BYTES;
    }
    return cn_direct_bytes(start) >= bytes;
}

static void note(const struct cn_attack_call *call) {
    size_t alignment = call->function == CN_CALL_ALIGNED_ALLOC && call->alignment > GRANULE ? call->alignment : GRANULE;
    struct cn_attack_block *place = find_room();
    CN_EXPECT(call->result != NULL, "there is memory");
    CN_EXPECT(call->usable >= call->size, "a block is as large as was asked for");
    CN_EXPECT((uintptr_t)call->result % alignment == 0, "a block is aligned");
    CN_EXPECT(may_lie_at(call->result, call->usable), "a block lies in the region, or in a mapping of its own");
    struct cn_attack_block block = {.start = call->result,
                                    .requested = call->size,
                                    .usable = call->usable,
                                    .alignment = call->alignment,
                                    .heap = call->heap};
    cn_attack_add(&model, (size_t)(place - model.blocks), &block);
}

/* Whether `heap` can be handed the block: a thread's functions take any. */
static enum cn_verdict verdict_of(const struct cn_attack_block *block, const struct cairn_heap *heap) {
    return block != NULL && (heap == NULL || block->heap == heap) ? CN_RIGHT : CN_WRONG;
}

/* NULL: the thread's. */
static struct cairn_heap *take_heap(void) {
    unsigned index = cn_bytes_take(&input) % 8;
    return index < HEAPS ? heaps[index] : NULL;
}

/* ---- what a program does right ------------------------------------------------------------------------------- */

static void allocate_some(enum cn_attack_function function, size_t count) {
    struct cn_attack_call call = {.function = function, .heap = take_heap()};
    call.size = take_size();
    call.alignment = function == CN_CALL_ALIGNED_ALLOC ? (size_t)1 << cn_bytes_take(&input) % 18 : GRANULE;
    for (size_t i = 0; i < count && find_room() != NULL; i++) {
        if (!perform(&call, CN_RIGHT)) {
            return;
        }
        note(&call);
    }
}

static void free_some(size_t count) {
    size_t first = cn_bytes_take(&input);
    size_t step = 1 + cn_bytes_take(&input) % 4;
    for (size_t i = 0; i < count && !has_ended; i++) {
        size_t place = (first + i * step) % CN_PLACES;
        struct cn_attack_call call = {.function = CN_CALL_FREE, .block = model.blocks[place].start};
        if (model.blocks[place].state == CN_PLACE_LIVE) {
            cn_attack_remove(&model, place);
            (void)perform(&call, CN_RIGHT);
        }
    }
}

static void destroy_heap(struct cairn_heap *heap) {
    struct cn_attack_call call = {.function = CN_CALL_DESTROY, .heap = heap};
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (model.blocks[i].state == CN_PLACE_LIVE && model.blocks[i].heap == heap) {
            cn_attack_remove(&model, i);
        }
    }
    (void)perform(&call, CN_RIGHT);
}

static void create_or_destroy_heap(void) {
    struct cairn_heap **heap = &heaps[cn_bytes_take(&input) % HEAPS];
    struct cn_attack_call call = {.function = CN_CALL_CREATE};
    if (*heap != NULL) {
        destroy_heap(*heap);
        *heap = NULL;
    } else if (perform(&call, CN_RIGHT)) {
        *heap = call.result;
    }
}

static void change_threads(void) {
    struct cairn_heap *mine = cn_heap_mine;
    cn_heap_mine = other_thread;
    other_thread = mine;
}

/* As thread.c has it: the heap waits for the next thread. */
static void end_thread(void) {
    struct cairn_heap *mine = cn_heap_of_thread();
    if (mine != NULL) {
        cn_heap_drain(mine);
        cn_heap_abandon(mine);
        cn_heap_mine = &cn_heap_none;
    }
}

/* ---- what it does wrong, perhaps ----------------------------------------------------------------------------- */

static char *at_address(uintptr_t address) { return (char *)address; } // NOLINT: any address

/* A pointer that a program may come to hand in: of a block that is live or was, one near it, or any other. */
static void *take_pointer(void) {
    uintptr_t start = (uintptr_t)take_place()->start;
    uint8_t how = cn_bytes_take(&input);
    switch (how % 8) {
    case 0:
    case 1:
        return at_address(start);
    case 2:
        return at_address(start + ((size_t)1 << (how >> 3) % 21));
    case 3:
        return at_address(start - ((size_t)1 << (how >> 3) % 21));
    case 4:
        return at_address(start + (size_t)cn_bytes_take(&input) * GRANULE);
    case 5:
        return own + how / 8;
    case 6:
        return cn_region.base + cn_bytes_take_number(&input, 3) * GRANULE;
    default:
        return at_address((uintptr_t)cn_bytes_take_number(&input, 8));
    }
}

/* A size that is not the one that was asked for may be of the same class; not one that the block does not hold. */
static enum cn_verdict verdict_of_size(const struct cn_attack_block *block, size_t size) {
    return size == block->requested ? CN_RIGHT : size > block->usable ? CN_WRONG : CN_EITHER;
}

static void free_pointer(enum cn_attack_function function) {
    struct cn_attack_call call = {.function = function, .heap = take_heap(), .alignment = GRANULE};
    call.block = take_pointer();
    struct cn_attack_block *block = cn_attack_find(&model, call.block);
    enum cn_verdict verdict = verdict_of(block, function == CN_CALL_FREE_SIZED ? NULL : call.heap);
    if (call.block == NULL) {
        return;
    }
    if (function == CN_CALL_FREE_SIZED && verdict == CN_WRONG) {
        call.size = take_size();
    } else if (function == CN_CALL_FREE_SIZED) {
        call.size = cn_bytes_take(&input) % 2 == 0 ? block->requested : take_size();
        call.alignment = block->alignment;
        verdict = verdict_of_size(block, call.size);
    }
    if (verdict != CN_WRONG) {
        cn_attack_remove(&model, (size_t)(block - model.blocks));
    }
    (void)perform(&call, verdict);
}

static void reallocate(void) {
    struct cn_attack_call call = {.function = CN_CALL_REALLOC, .heap = take_heap(), .alignment = GRANULE};
    call.block = take_pointer();
    struct cn_attack_block *block = cn_attack_find(&model, call.block);
    struct cn_attack_block before;
    call.size = take_size();
    if (call.block == NULL || find_room() == NULL) {
        return;
    }
    if (verdict_of(block, call.heap) == CN_WRONG) {
        (void)perform(&call, CN_WRONG);
        return;
    }
    cn_attack_remove(&model, (size_t)(block - model.blocks));
    before = *block;
    if (perform(&call, CN_RIGHT) && call.size != 0) {
        cn_pages_note_written(call.result, cn_min(before.usable, call.usable));
        call.heap = before.heap;
        cn_attack_compare_moved(&before, call.result, call.size);
        note(&call);
    }
}

static void ask_for_size(void) {
    struct cn_attack_call call = {.function = CN_CALL_USABLE_SIZE, .heap = take_heap()};
    call.block = take_pointer();
    const struct cn_attack_block *block = cn_attack_find(&model, call.block);
    if (call.block != NULL && perform(&call, verdict_of(block, call.heap))) {
        CN_EXPECT(call.usable == block->usable, "the usable size stays as it was");
    }
}

/* The bytes from `at` on, at most `bytes`, that the program can write to at all: the rest of an arena. */
static size_t writable_bytes(const char *at, size_t bytes) {
    size_t distance = (size_t)(at - cn_region.base);
    size_t arena = distance / CN_ARENA_BYTES;
    if (arena >= atomic_load_explicit(&cn_region.arena_count, memory_order_relaxed) ||
        !atomic_load_explicit(&cn_region.arenas[arena].is_committed, memory_order_relaxed)) {
        return 0;
    }
    return cn_min(bytes, CN_ARENA_BYTES - distance % CN_ARENA_BYTES);
}

/* Beyond a block, before it, or into one that may be free. */
static void write_wildly(void) {
    const struct cn_attack_block *block = take_place();
    uint8_t where = cn_bytes_take(&input);
    size_t wanted = 1 + cn_bytes_take_number(&input, 2) % WILD_WRITE_MAX;
    uint64_t value = where >= 128 ? (uintptr_t)take_pointer() : cn_bytes_take(&input) * UINT64_C(0x0101010101010101);
    if (block->state == CN_PLACE_UNUSED) {
        return;
    }
    char *ends[] = {block->start, block->start - wanted, block->start + block->requested, block->start + block->usable};
    char *at = ends[where % 4];
    size_t bytes = writable_bytes(at, wanted);
    CN_TRACE("writes %zu bytes of %#" PRIx64 " at %p", bytes, value, (void *)at);
    cn_attack_writes(&model, at, bytes);
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (char)(value >> i % 8 * 8);
    }
    cn_pages_note_written(at, bytes);
    cn_attack_wrote(&model, at, bytes);
}

/* ---- the program --------------------------------------------------------------------------------------------- */

/* No call wrote where it must not. */
static void expect_untouched(void) {
    static const char untouched[OWN_BYTES];
    cn_attack_compare(&model);
    CN_EXPECT(memcmp(own, untouched, sizeof own) == 0, "nobody writes into a variable of the program but the program");
}

static void perform_plain(enum cn_attack_function function) {
    struct cn_attack_call call = {.function = function, .model = &model};
    (void)perform(&call, CN_RIGHT);
}

static void step(uint8_t code) {
    static const enum cn_attack_function allocating[] = {CN_CALL_MALLOC, CN_CALL_MALLOC, CN_CALL_CALLOC,
                                                         CN_CALL_ALIGNED_ALLOC};
    switch (code % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        allocate_some(allocating[code % 4], 1);
        break;
    case 4:
        allocate_some(CN_CALL_MALLOC, 1 + cn_bytes_take(&input) % ONE_BURST);
        break;
    case 5:
        free_some(1 + cn_bytes_take(&input) % ONE_BURST);
        break;
    case 6:
    case 7:
        free_pointer(CN_CALL_FREE);
        break;
    case 8:
        free_pointer(CN_CALL_FREE_SIZED);
        break;
    case 9:
        reallocate();
        break;
    case 10:
        ask_for_size();
        break;
    case 11:
    case 12:
        write_wildly();
        break;
    case 13:
        CN_TRACE("%s", code < 128 ? "the other thread goes on" : "the thread ends");
        code < 128 ? change_threads() : end_thread();
        break;
    case 14:
        create_or_destroy_heap();
        break;
    default:
        perform_plain(CN_CALL_TRIM);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_renew_keep();
    cn_pages_watch(cn_region.base);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_renew_quickly();
    cn_attack_forget(&model);
    memset(heaps, 0, sizeof heaps);
    other_thread = &cn_heap_none;
    has_ended = false;
    input = cn_bytes_of(data, size);
    for (unsigned i = 0; i < CALLS_MAX && cn_bytes_are_left(&input) && !has_ended; i++) {
        step(cn_bytes_take(&input));
    }
    expect_untouched();
    if (!has_ended) {
        perform_plain(CN_CALL_LOOK);
    }
    return 0;
}
