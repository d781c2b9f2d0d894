/*
 * attack_fuzz.c: a program with bugs against the release form, after the model of ArcHeap (Yun and others, USENIX
 * Security 2020): it allocates, frees and writes, and also writes beyond its blocks, before them, into freed ones, frees
 * twice, and frees what is no block. The allocator must never be steered by that: it may end the program, at the very
 * call that is wrong and at no other, or go on, and then
 *
 *   - live blocks do not overlap, lie where blocks may lie, and are aligned and as large as they were asked for;
 *   - nothing is written into a live block but by the program;
 *   - all of its invariants hold, and its walk shows the live blocks and no others.
 *
 * Freeing through an old pointer what has become somebody else's live block is right by this model: no allocator can
 * tell. Two threads take turns as the input says; they are two heaps that this thread uses one after the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/cairn.h"
#include "alloc/direct.h"
#include "alloc/heap.h"
#include "fuzz/attack_model.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { CALLS_MAX = 400, HEAPS = 2, ONE_BURST = 32, GRANULE = 16, WILD_WRITE_MAX = 4096 };

enum function { MALLOC, CALLOC, ALIGNED_ALLOC, REALLOC, FREE, FREE_SIZED, USABLE_SIZE, CREATE, DESTROY, TRIM, LOOK };

/* One call of the allocator. */
struct call {
    enum function function;
    unsigned heap; /* 0: not one of a named heap's */
    void *block;
    size_t size;
    size_t alignment;
    void *result;
    size_t usable; /* of the result */
};

static struct cn_attack_model model;
static struct cn_bytes input;
static struct cairn_heap *heaps[HEAPS + 1]; /* the first is unused */
static struct cairn_heap *other_thread;     /* its heap */
static bool has_ended;
static size_t walked;

/* ---- calls --------------------------------------------------------------------------------------------------- */

static bool count_block(void *block, size_t usable, void *argument) {
    const struct cn_attack_block *known = cn_attack_find(&model, block);
    (void)argument;
    CN_EXPECT(known != NULL && known->usable == usable, "the walk shows live blocks as they were handed out");
    walked++;
    return true;
}

static void look(void) {
    walked = 0;
    CN_EXPECT(cairn_check(), "all invariants hold");
    CN_EXPECT(cairn_walk(count_block, NULL), "the walk comes to its end");
    CN_EXPECT(walked == model.live_count, "the walk shows every live block");
}

static void allocate(struct call *call) {
    struct cairn_heap *heap = heaps[call->heap];
    bool is_named = call->heap != 0;
    if (call->function == MALLOC) {
        call->result = is_named ? cairn_heap_malloc(heap, call->size) : cairn_malloc(call->size);
    } else if (call->function == CALLOC) {
        call->result = is_named ? cairn_heap_calloc(heap, 1, call->size) : cairn_calloc(1, call->size);
    } else if (call->function == ALIGNED_ALLOC) {
        call->result = is_named ? cairn_heap_aligned_alloc(heap, call->alignment, call->size)
                                : cairn_aligned_alloc(call->alignment, call->size);
    } else {
        call->result =
            is_named ? cairn_heap_realloc(heap, call->block, call->size) : cairn_realloc(call->block, call->size);
    }
    call->usable = cairn_usable_size(call->result);
}

static void run(void *argument) {
    struct call *call = argument;
    bool is_named = call->heap != 0;
    switch (call->function) {
    case FREE:
        is_named ? cairn_heap_free(heaps[call->heap], call->block) : cairn_free(call->block);
        break;
    case FREE_SIZED:
        cairn_free_aligned_sized(call->block, call->alignment, call->size);
        break;
    case USABLE_SIZE:
        call->usable =
            is_named ? cairn_heap_usable_size(heaps[call->heap], call->block) : cairn_usable_size(call->block);
        break;
    case CREATE:
        call->result = cairn_heap_create("attacked", NULL);
        break;
    case DESTROY:
        cairn_heap_destroy(heaps[call->heap]);
        break;
    case TRIM:
        (void)cairn_trim();
        break;
    case LOOK:
        look();
        break;
    default:
        allocate(call);
    }
}

/* The kinds of what a caller can do wrong; broken-invariant is none of them. */
static bool is_blamed_on_the_caller(const char *report) {
    static const char *const kinds[] = {"double-free: ", "bad-free: ", "realloc-of-freed: ", "size-mismatch: "};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *kind = strstr(report, kinds[i]);
        if (kind != NULL && kind == report + strlen("cairn: ERROR: ")) {
            return true;
        }
    }
    return false;
}

enum verdict { RIGHT, WRONG, EITHER };

/* False where the program is over: the call was wrong, and was reported. */
static bool perform(struct call *call, enum verdict verdict) {
    bool came_back = cn_system_run(run, call);
    if (!came_back && verdict == RIGHT) {
        fputs(cn_system_report(), stderr);
    }
    CN_EXPECT(came_back || verdict != RIGHT, "a call that is right is not reported");
    CN_EXPECT(!came_back || verdict != WRONG, "a call that is wrong is reported");
    CN_EXPECT(came_back || is_blamed_on_the_caller(cn_system_report()), "a report blames the caller");
    has_ended = !came_back;
    return came_back;
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

static void note(const struct call *call) {
    size_t alignment = call->function == ALIGNED_ALLOC && call->alignment > GRANULE ? call->alignment : GRANULE;
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
static enum verdict verdict_of(const struct cn_attack_block *block, unsigned heap) {
    return block != NULL && (heap == 0 || block->heap == heap) ? RIGHT : WRONG;
}

static unsigned take_heap(void) {
    unsigned heap = cn_bytes_take(&input) % 8;
    return heap <= HEAPS && heaps[heap] != NULL ? heap : 0;
}

/* ---- what a program does right ------------------------------------------------------------------------------- */

static void allocate_some(enum function function, size_t count) {
    struct call call = {.function = function, .heap = take_heap(), .size = take_size()};
    call.alignment = function == ALIGNED_ALLOC ? (size_t)1 << cn_bytes_take(&input) % 18 : GRANULE;
    for (size_t i = 0; i < count && find_room() != NULL; i++) {
        if (!perform(&call, RIGHT)) {
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
        struct call call = {.function = FREE, .block = model.blocks[place].start};
        if (model.blocks[place].state == CN_PLACE_LIVE) {
            cn_attack_remove(&model, place);
            (void)perform(&call, RIGHT);
        }
    }
}

static void destroy_heap(unsigned heap) {
    struct call call = {.function = DESTROY, .heap = heap};
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (model.blocks[i].state == CN_PLACE_LIVE && model.blocks[i].heap == heap) {
            cn_attack_remove(&model, i);
        }
    }
    (void)perform(&call, RIGHT);
    heaps[heap] = NULL;
}

static void create_or_destroy_heap(void) {
    unsigned heap = 1 + cn_bytes_take(&input) % HEAPS;
    struct call call = {.function = CREATE};
    if (heaps[heap] != NULL) {
        destroy_heap(heap);
    } else if (perform(&call, RIGHT)) {
        heaps[heap] = call.result;
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

/* A pointer that a program may come to hand in: of a block that is live or was, one near it, or any other. */
static void *take_pointer(void) {
    static char own[64];
    struct cn_attack_block *block = take_place();
    uint8_t how = cn_bytes_take(&input);
    switch (how % 8) {
    case 0:
    case 1:
        return block->start;
    case 2:
        return block->start + ((size_t)1 << (how >> 3) % 21);
    case 3:
        return block->start - ((size_t)1 << (how >> 3) % 21);
    case 4:
        return block->start + (size_t)cn_bytes_take(&input) * GRANULE;
    case 5:
        return own + how / 8;
    case 6:
        return cn_region.base + cn_bytes_take_number(&input, 3) * GRANULE;
    default:
        return (char *)(uintptr_t)cn_bytes_take_number(&input, 8); // NOLINT: any address
    }
}

static void free_pointer(enum function function) {
    struct call call = {.function = function, .heap = take_heap(), .block = take_pointer(), .alignment = GRANULE};
    struct cn_attack_block *block = cn_attack_find(&model, call.block);
    enum verdict verdict = verdict_of(block, function == FREE_SIZED ? 0 : call.heap);
    if (call.block == NULL) {
        return;
    }
    if (function == FREE_SIZED && verdict == RIGHT) {
        call.size = cn_bytes_take(&input) % 2 == 0 ? block->requested : take_size();
        call.alignment = block->alignment;
        verdict = call.size == block->requested ? RIGHT : EITHER;
    }
    if (verdict != WRONG) {
        cn_attack_remove(&model, (size_t)(block - model.blocks));
    }
    (void)perform(&call, verdict);
}

static void reallocate(void) {
    struct call call = {.function = REALLOC, .heap = take_heap(), .block = take_pointer(), .alignment = GRANULE};
    struct cn_attack_block *block = cn_attack_find(&model, call.block);
    struct cn_attack_block before;
    call.size = take_size();
    if (call.block == NULL || find_room() == NULL) {
        return;
    }
    if (verdict_of(block, call.heap) == WRONG) {
        (void)perform(&call, WRONG);
        return;
    }
    cn_attack_remove(&model, (size_t)(block - model.blocks));
    before = *block;
    if (perform(&call, RIGHT) && call.size != 0) {
        call.heap = before.heap;
        cn_attack_compare_moved(&before, call.result, call.size);
        note(&call);
    }
}

static void ask_for_size(void) {
    struct call call = {.function = USABLE_SIZE, .heap = take_heap(), .block = take_pointer()};
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
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (char)(value >> i % 8 * 8);
    }
    cn_attack_wrote(&model, at, bytes);
}

/* ---- the program --------------------------------------------------------------------------------------------- */

static void perform_plain(enum function function) {
    struct call call = {.function = function};
    (void)perform(&call, RIGHT);
}

static void step(uint8_t code) {
    static const enum function allocating[] = {MALLOC, MALLOC, CALLOC, ALIGNED_ALLOC};
    switch (code % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        allocate_some(allocating[code % 4], 1);
        break;
    case 4:
        allocate_some(MALLOC, 1 + cn_bytes_take(&input) % ONE_BURST);
        break;
    case 5:
        free_some(1 + cn_bytes_take(&input) % ONE_BURST);
        break;
    case 6:
    case 7:
        free_pointer(FREE);
        break;
    case 8:
        free_pointer(FREE_SIZED);
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
        code < 128 ? change_threads() : end_thread();
        break;
    case 14:
        create_or_destroy_heap();
        break;
    default:
        perform_plain(TRIM);
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
    cn_attack_forget(&model);
    memset(heaps, 0, sizeof heaps);
    other_thread = &cn_heap_none;
    has_ended = false;
    input = cn_bytes_of(data, size);
    for (unsigned i = 0; i < CALLS_MAX && cn_bytes_are_left(&input) && !has_ended; i++) {
        step(cn_bytes_take(&input));
    }
    cn_attack_compare(&model);
    if (!has_ended) {
        perform_plain(LOOK);
    }
    return 0;
}
