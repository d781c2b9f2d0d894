#define _GNU_SOURCE
#include "fuzz/tiny/steps.h"

#include <errno.h>
#include <string.h>

#include "alloc/cairn.h"
#include "alloc/counts.h"
#include "alloc/direct.h"
#include "alloc/heap.h"
#include "fuzz/expect.h"
#include "fuzz/tiny/os_model.h"

enum {
    SMALL_BYTES = 200, /* of the first class */
    LARGE_BYTES = 500, /* of the second */
    SPAN_BYTES = 2 * CN_SLOT_BYTES - 8,
    LONGER_SPAN_BYTES = 3 * CN_SLOT_BYTES,
    MARK_BYTES = 32,
    BUDGET_BYTES = 3 * CN_SLOT_BYTES
};

/* What the program knows. */
struct block {
    char *start;
    size_t bytes;
    struct cairn_heap *heap; /* the named heap; NULL: a thread's */
    char mark;               /* its first and last bytes hold this */
};

static struct {
    struct block blocks[CN_STEPS_MAX]; /* live, oldest first */
    size_t count;
    char *freed_last;
    struct cairn_heap *named;
    struct cairn_heap *other_thread;
    char next_mark;
    bool is_short;
} program;

void cn_steps_begin(void) {
    memset(&program, 0, sizeof program);
    program.other_thread = &cn_heap_none;
    cn_heap_mine = &cn_heap_none;
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static void mark(struct block *block) {
    block->mark = ++program.next_mark;
    memset(block->start, block->mark, MARK_BYTES);
    memset(block->start + block->bytes - MARK_BYTES, block->mark, MARK_BYTES);
}

/* Pools are granted beyond a budget, by less than one; spans are not. */
static bool may_fail(const struct cairn_heap *heap) { return program.is_short || heap != NULL; }

static enum cn_outcome note(void *start, size_t size, struct cairn_heap *heap) {
    if (start == NULL) {
        CN_EXPECT(may_fail(heap) && errno == ENOMEM, "an allocation fails only where there is no memory or budget");
        return CN_DONE;
    }
    struct block block = {.start = start, .bytes = cairn_usable_size(start), .heap = heap};
    CN_EXPECT(block.bytes >= size && (uintptr_t)start % CN_GRANULE_BYTES == 0, "a block is as large as asked for");
    for (size_t i = 0; i < program.count; i++) {
        const struct block *other = &program.blocks[i];
        CN_EXPECT(block.start + block.bytes <= other->start || other->start + other->bytes <= block.start,
                  "live blocks do not overlap");
    }
    CN_EXPECT(cn_direct_bytes(start) != 0 || cn_region_covers(cn_granule_of(start)), "a block lies where blocks may");
    mark(&block);
    program.blocks[program.count++] = block;
    return CN_DONE;
}

static bool is_marked(const char *at, char mark) { return at[0] == mark && memcmp(at, at + 1, MARK_BYTES - 1) == 0; }

static struct block take_out(size_t index) {
    struct block block = program.blocks[index];
    program.count--;
    memmove(&program.blocks[index], &program.blocks[index + 1], (program.count - index) * sizeof block);
    return block;
}

/* ---- what all menus have ------------------------------------------------------------------------------------- */

static enum cn_outcome allocate_small(void) { return note(cairn_malloc(SMALL_BYTES), SMALL_BYTES, NULL); }

static char *zeroed(size_t size) {
    char *block = cairn_calloc(size / 4, 4);
    bool is_zero = block == NULL || (block[0] == 0 && memcmp(block, block + 1, size - 1) == 0);
    CN_EXPECT(is_zero, "calloc gives zeros");
    return block;
}

static enum cn_outcome allocate_zeroed(void) { return note(zeroed(LARGE_BYTES), LARGE_BYTES, NULL); }

static enum cn_outcome allocate_span(void) { return note(zeroed(SPAN_BYTES), SPAN_BYTES, NULL); }

static enum cn_outcome free_at(size_t index) {
    if (program.count <= index) {
        return CN_IMPOSSIBLE;
    }
    struct block block = take_out(index);
    cairn_free(block.start);
    program.freed_last = block.start;
    return CN_DONE;
}

static enum cn_outcome free_oldest(void) { return free_at(0); }

static enum cn_outcome free_newest(void) { return program.count < 2 ? CN_IMPOSSIBLE : free_at(program.count - 1); }

static size_t next_size(size_t bytes) {
    static const size_t sizes[] = {SMALL_BYTES, LARGE_BYTES, SPAN_BYTES, LONGER_SPAN_BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] > bytes) {
            return sizes[i];
        }
    }
    return sizes[0];
}

/* To the next larger size, and from the largest to the smallest. */
static enum cn_outcome resize_newest(void) {
    if (program.count == 0) {
        return CN_IMPOSSIBLE;
    }
    struct block block = take_out(program.count - 1);
    size_t size = next_size(block.bytes);
    void *moved = cairn_realloc(block.start, size);
    if (moved == NULL) {
        CN_EXPECT(may_fail(block.heap) && errno == ENOMEM, "realloc fails only where there is no memory or budget");
        program.blocks[program.count++] = block;
        return CN_DONE;
    }
    CN_EXPECT(is_marked(moved, block.mark), "realloc keeps what the block began with");
    CN_EXPECT(size < block.bytes || is_marked((char *)moved + block.bytes - MARK_BYTES, block.mark),
              "realloc keeps what the block ended with");
    return note(moved, size, block.heap);
}

static enum cn_outcome trim(void) {
    (void)cairn_trim();
    if (program.count == 0 && program.other_thread == &cn_heap_none) {
        CN_EXPECT(cn_count_of(&cn_counts.used_slots) == 0, "with nothing live, a trim leaves no slot in use");
        CN_EXPECT(cn_model_accessible_pages(cn_region.base, 2 * CN_ARENA_BYTES) == 0, "and no memory in arenas");
    }
    return CN_DONE;
}

/* ---- mistakes: they end a sequence --------------------------------------------------------------------------- */

static void free_it(void *block) { cairn_free(block); }

static enum cn_outcome must_report(void *pointer, const char *kind) {
    CN_EXPECT(cn_model_aborts(free_it, pointer), "a wrong free is reported");
    CN_EXPECT(strncmp(cn_model_report(), kind, strlen(kind)) == 0, "the report names the right kind");
    return CN_OVER;
}

static enum cn_outcome free_again(void) {
    for (size_t i = 0; i < program.count; i++) {
        if (program.blocks[i].start <= program.freed_last &&
            program.freed_last < program.blocks[i].start + program.blocks[i].bytes) {
            return CN_IMPOSSIBLE; /* it is somebody else's now */
        }
    }
    return program.freed_last == NULL ? CN_IMPOSSIBLE : must_report(program.freed_last, "cairn: ERROR: ");
}

static enum cn_outcome free_inside_oldest(void) {
    return program.count == 0 ? CN_IMPOSSIBLE : must_report(program.blocks[0].start + 8, "cairn: ERROR: bad-free: ");
}

/* ---- two threads --------------------------------------------------------------------------------------------- */

static enum cn_outcome change_threads(void) {
    struct cairn_heap *mine = cn_heap_mine;
    cn_heap_mine = program.other_thread;
    program.other_thread = mine;
    return CN_DONE;
}

/* As thread.c has it: the heap waits for the next thread. */
static enum cn_outcome end_thread(void) {
    struct cairn_heap *mine = cn_heap_of_thread();
    if (mine == NULL) {
        return CN_IMPOSSIBLE;
    }
    cn_heap_drain(mine);
    cn_heap_abandon(mine);
    cn_heap_mine = &cn_heap_none;
    return CN_DONE;
}

/* ---- a named heap -------------------------------------------------------------------------------------------- */

static enum cn_outcome create_or_destroy(void) {
    const struct cairn_heap_options options = {.budget_bytes = BUDGET_BYTES};
    if (program.named == NULL) {
        program.named = cairn_heap_create("tiny", &options);
        CN_EXPECT(program.named != NULL || program.is_short, "a heap can be made");
        return CN_DONE;
    }
    for (size_t i = program.count; i > 0; i--) {
        if (program.blocks[i - 1].heap == program.named) {
            program.freed_last = take_out(i - 1).start;
        }
    }
    cairn_heap_destroy(program.named);
    program.named = NULL;
    return CN_DONE;
}

static enum cn_outcome allocate_from_heap(size_t size) {
    if (program.named == NULL) {
        return CN_IMPOSSIBLE;
    }
    return note(cairn_heap_malloc(program.named, size), size, program.named);
}

static enum cn_outcome allocate_small_from_heap(void) { return allocate_from_heap(SMALL_BYTES); }
static enum cn_outcome allocate_span_from_heap(void) { return allocate_from_heap(SPAN_BYTES); }

/* ---- short memory -------------------------------------------------------------------------------------------- */

static enum cn_outcome change_memory(void) {
    program.is_short = !program.is_short;
    program.is_short ? cn_model_set_short() : cn_model_set_plenty();
    return CN_DONE;
}

/* ---- the oracle ---------------------------------------------------------------------------------------------- */

static size_t walked;

static bool visit(void *start, size_t bytes, void *argument) {
    (void)argument;
    for (size_t i = 0; i < program.count; i++) {
        if (program.blocks[i].start == start && program.blocks[i].bytes == bytes) {
            walked++;
            return true;
        }
    }
    CN_EXPECT(false, "the walk shows live blocks only");
    return false;
}

void cn_steps_check(void) {
    size_t named_bytes = 0;
    walked = 0;
    CN_EXPECT(cairn_check(), "all invariants hold");
    if (program.other_thread != &cn_heap_none) {
        cn_heap_check(program.other_thread);
    }
    CN_EXPECT(cairn_walk(visit, NULL) && walked == program.count, "the walk shows every live block");
    for (size_t i = 0; i < program.count; i++) {
        const struct block *block = &program.blocks[i];
        CN_EXPECT(is_marked(block->start, block->mark) &&
                      is_marked(block->start + block->bytes - MARK_BYTES, block->mark),
                  "nobody else writes into a live block");
        CN_EXPECT(cairn_usable_size(block->start) == block->bytes, "a block stays as large as it was");
        named_bytes += block->heap != NULL ? block->bytes : 0;
    }
    CN_EXPECT(named_bytes < BUDGET_BYTES + CN_POOL_SLOTS_MAX * CN_SLOT_BYTES, "a heap keeps to its budget");
}

/* ---- the menus ------------------------------------------------------------------------------------------- */

static const struct cn_step one_thread[] = {
    {"malloc(200)", allocate_small},
    {"calloc(500)", allocate_zeroed},
    {"calloc of a span", allocate_span},
    {"free the oldest", free_oldest},
    {"free the newest", free_newest},
    {"realloc the newest", resize_newest},
    {"trim", trim},
    {"free again", free_again},
    {"free inside the oldest", free_inside_oldest},
};

static const struct cn_step two_threads[] = {
    {"malloc(200)", allocate_small},
    {"calloc(500)", allocate_zeroed},
    {"free the oldest", free_oldest},
    {"free the newest", free_newest},
    {"change threads", change_threads},
    {"end the thread", end_thread},
    {"trim", trim},
    {"free again", free_again},
};

static const struct cn_step named_heap[] = {
    {"make or destroy the heap", create_or_destroy},
    {"heap_malloc(200)", allocate_small_from_heap},
    {"heap_malloc of a span", allocate_span_from_heap},
    {"malloc(200)", allocate_small},
    {"free the oldest", free_oldest},
    {"realloc the newest", resize_newest},
    {"trim", trim},
    {"free again", free_again},
};

static const struct cn_step short_memory[] = {
    {"memory is short, or again not", change_memory},
    {"malloc(200)", allocate_small},
    {"calloc(500)", allocate_zeroed},
    {"calloc of a span", allocate_span},
    {"free the oldest", free_oldest},
    {"realloc the newest", resize_newest},
    {"trim", trim},
};

#define MENU(name, steps)                                                                                              \
    { name, steps, sizeof(steps) / sizeof(steps)[0] }

const struct cn_menu cn_menus[CN_MENUS] = {
    MENU("one thread", one_thread),
    MENU("two threads", two_threads),
    MENU("a named heap with a budget", named_heap),
    MENU("short memory", short_memory),
};
