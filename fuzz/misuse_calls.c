/*
 * misuse_calls.c: calls that the program must not make. Each is reported at once.
 */
#include "alloc/cairn.h"
#include "fuzz/expect.h"
#include "fuzz/misuse_bugs.h"
#include "fuzz/misuse_due.h"
#include "fuzz/misuse_pick.h"
#include "fuzz/misuse_places.h"
#include "fuzz/said.h"

enum { GRANULE_BYTES = 16, FAMILIES = 3, HALF_OF_A_BYTE = 128 };

enum function { FREE, FREE_SIZED, DELETE, REALLOC, USABLE_SIZE, HEAP_FREE, HEAP_REALLOC, HEAP_USABLE_SIZE };
enum { FUNCTION_COUNT = HEAP_USABLE_SIZE + 1 };

static void hand_in(void *pointer, enum function function, struct cairn_heap *heap) {
    static const struct cn_release by_delete = {"delete", CN_ASKED_NEW, CN_ANY_SIZE, 0};
    switch (function) {
    case FREE:
        cairn_free(pointer);
        break;
    case FREE_SIZED:
        cairn_free_sized(pointer, 1);
        break;
    case DELETE:
        cn_debug_free(NULL, pointer, &by_delete);
        break;
    case REALLOC:
        CN_EXPECT(cairn_realloc(pointer, 1) == NULL, "what is no live block cannot be resized");
        break;
    case USABLE_SIZE:
        CN_EXPECT(cairn_usable_size(pointer) == 0, "what is no live block has no size");
        break;
    case HEAP_FREE:
        cairn_heap_free(heap, pointer);
        break;
    case HEAP_REALLOC:
        CN_EXPECT(cairn_heap_realloc(heap, pointer, 1) == NULL, "what is no block of the heap cannot be resized");
        break;
    case HEAP_USABLE_SIZE:
        CN_EXPECT(cairn_heap_usable_size(heap, pointer) == 0, "what is no block of the heap has no size");
        break;
    }
}

static enum function take_function(struct cn_misuse_blocks *blocks) {
    return (enum function)(cn_bytes_take(blocks->input) % FUNCTION_COUNT);
}

static void free_twice(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_freed(blocks, cn_misuse_is_known_freed);
    if (block == NULL) {
        return;
    }
    enum function function = take_function(blocks);
    bool is_resized = function == REALLOC || function == HEAP_REALLOC;
    bool is_asked = function == USABLE_SIZE || function == HEAP_USABLE_SIZE;
    cn_misuse_due(is_resized ? "realloc-of-freed" : is_asked ? "bad-free" : "double-free", block->user, block);
    cn_misuse_due_words(", which is already free");
    hand_in(block->user, function, blocks->heaps[1]);
    cn_misuse_settle();
}

/* That the report says where in the block, or beside it, the pointer is. */
static void expect_place(const struct cn_misuse_block *block, const char *pointer, bool is_freed) {
    const char *end = block->user + block->size;
    const char *how = pointer < block->user ? "before" : pointer < end ? "inside" : "past the end of";
    const char *from = pointer < end ? block->user : end;
    size_t distance = (size_t)(pointer < from ? from - pointer : pointer - from);
    cn_misuse_due_words("it lies %zu byte%s %s a %s of %zu byte%s", distance, cn_said_plural(distance), how,
                        is_freed ? "freed block" : "block", block->size, cn_said_plural(block->size));
}

/* Near a block's start, live or freed: in its head, in its bytes, in its tail. */
static void free_inside(struct cn_misuse_blocks *blocks) {
    bool is_freed = cn_bytes_take(blocks->input) % 4 == 0;
    struct cn_misuse_block *block = is_freed ? cn_misuse_take_freed(blocks, cn_misuse_is_known_freed)
                                             : cn_misuse_take_live(blocks, cn_misuse_is_live);
    if (block == NULL) {
        return;
    }
    size_t core_bytes = block->head_bytes + block->size + block->tail_bytes;
    char *pointer = block->user - block->head_bytes + cn_misuse_take_below(blocks, core_bytes);
    if (pointer == block->user) {
        pointer++;
    }
    cn_misuse_due("bad-free", pointer, block);
    expect_place(block, pointer, is_freed);
    hand_in(pointer, take_function(blocks), blocks->heaps[1]);
    cn_misuse_settle();
}

static void free_what_is_no_block(struct cn_misuse_blocks *blocks) {
    char local[GRANULE_BYTES] = {0};
    struct cn_misuse_place place = cn_misuse_take_place(blocks, local);
    if (place.pointer == NULL) {
        return;
    }
    cn_misuse_due("bad-free", place.pointer, NULL);
    cn_misuse_due_words("%s", place.words);
    hand_in(place.pointer, take_function(blocks), blocks->heaps[1]);
    cn_misuse_settle();
}

static void free_of_other_heap(struct cn_misuse_blocks *blocks) {
    static const enum function functions[] = {HEAP_FREE, HEAP_REALLOC, HEAP_USABLE_SIZE};
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live);
    unsigned other = block->heap == 1 ? 2 : 1;
    cn_misuse_due("bad-free", block->user, block);
    cn_misuse_due_words(", which is not a block of heap '%s'", other == 1 ? "one" : "two");
    hand_in(block->user, functions[cn_bytes_take(blocks->input) % (sizeof functions / sizeof functions[0])],
            blocks->heaps[other]);
    cn_misuse_settle();
}

/* ---- reported, and the block is freed nevertheless --------------------------------------------------------------- */

static void free_by_other_family(struct cn_misuse_blocks *blocks) {
    static const enum cn_asked families[FAMILIES] = {CN_ASKED_MALLOC, CN_ASKED_NEW, CN_ASKED_NEW_ARRAY};
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live);
    bool is_of_malloc = cn_misuse_is_live_of_malloc(blocks, block);
    size_t first = cn_bytes_take(blocks->input);
    enum cn_asked family = families[first % FAMILIES];
    if (family == (is_of_malloc ? CN_ASKED_MALLOC : block->asked)) {
        family = families[(first + 1) % FAMILIES];
    }
    cn_misuse_due("alloc-dealloc-mismatch", block->user, block);
    cn_misuse_due_words(", a block that was allocated by %s", cn_misuse_asked_names[block->asked]);
    cn_misuse_note_end(blocks, block);
    if (family == CN_ASKED_MALLOC && first >= HALF_OF_A_BYTE) {
        (void)cairn_realloc(block->user, 0);
    } else {
        cn_debug_free(NULL, block->user, &(struct cn_release){"delete", family, CN_ANY_SIZE, 0});
    }
    cn_misuse_settle();
}

/* A size that is another than the block's: often one more or less. */
static size_t take_other_size(struct cn_misuse_blocks *blocks, size_t size) {
    size_t any = cn_bytes_take_number(blocks->input, 3);
    if (any % 4 == 0 && size > 0) {
        return size - 1;
    }
    return any % 4 == 1 || any == size ? size + 1 : any;
}

static void free_with_wrong_size(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live_of_malloc);
    uint8_t how = cn_bytes_take(blocks->input);
    size_t size = take_other_size(blocks, block->size);
    cn_misuse_due("size-mismatch", block->user, block);
    cn_misuse_due_words(", which does not belong to its block of %zu byte%s", block->size, cn_said_plural(block->size));
    cn_misuse_note_end(blocks, block);
    if (how >= HALF_OF_A_BYTE) {
        cairn_free_aligned_sized(block->user, block->head_bytes, size);
    } else {
        cairn_free_sized(block->user, size);
    }
    cn_misuse_settle();
}

static void free_with_wrong_alignment(struct cn_misuse_blocks *blocks) {
    struct cn_misuse_block *block = cn_misuse_take_live(blocks, cn_misuse_is_live_of_malloc);
    uintptr_t lowest = (uintptr_t)block->user & -(uintptr_t)block->user;
    size_t alignment = cn_bytes_take(blocks->input) % 2 == 0 ? lowest * 2 : 3 * block->head_bytes;
    cn_misuse_due("invalid-alignment", block->user, block);
    cn_misuse_due_words(" with alignment %zu bytes, which %s", alignment,
                        alignment == lowest * 2 ? "the block does not have" : "is not a power of two");
    cn_misuse_note_end(blocks, block);
    cairn_free_aligned_sized(block->user, alignment, block->size);
    cn_misuse_settle();
}

cn_misuse_bug *const cn_misuse_calls[CN_MISUSE_CALLS] = {
    free_twice,           free_inside,          free_what_is_no_block,     free_of_other_heap,
    free_by_other_family, free_with_wrong_size, free_with_wrong_alignment,
};
