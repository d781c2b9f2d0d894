/*
 * describe_fuzz.c: what the allocator says when it is asked: what a pointer is, and its stats as text and as JSON.
 * Every answer must be well formed, and say what the harness knows: of its blocks, of other memory of the program, and
 * of the figures that cairn_stats_get gives.
 *
 *   byte 0     how the debug form is set
 *   the rest   four bytes a step: a call, what it is made with, and two bytes of a place or a size
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc/cairn.h"
#include "alloc/form.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "fuzz/bytes.h"
#include "fuzz/describe_stats.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/quarantine.h"
#include "fuzz/said.h"

enum { PLACES = 32, STEPS_MAX = 100, WORDS_BYTES = 256, PAGE_BYTES = 4096, STACK_DEPTH = 32 };
/* Room for what an input frees, and little more: what waits can be a mapping each, and all are looked through. */
enum { QUARANTINE_BYTES = 8 << 20 };

struct block {
    char *start; /* NULL: none */
    size_t size;
    size_t usable;
    bool is_freed;
};

static struct block blocks[PLACES];
static struct cairn_heap *heap;
static struct cn_bytes input;

/* ---- what a pointer is --------------------------------------------------------------------------------------- */

static const void *described;
static void describe(void *argument) {
    (void)argument;
    cairn_describe(described);
}

static const char *say_of(const void *pointer) {
    char words[WORDS_BYTES];
    described = pointer;
    cn_said_run(describe, NULL);
    const char *said = cn_said_take();
    (void)snprintf(words, sizeof words, "0x%" PRIxPTR " lies ", (uintptr_t)pointer);
    CN_EXPECT(strncmp(said, words, strlen(words)) == 0, "an answer names the pointer first");
    CN_EXPECT(said[strlen(said) - 1] == '\n', "an answer ends its line");
    return said + strlen(words);
}

static void expect_start(const char *said, const char *words) {
    if (strncmp(said, words, strlen(words)) != 0) {
        fprintf(stderr, "said: %.*s\ndue: %s\n", WORDS_BYTES, said, words);
    }
    CN_EXPECT(strncmp(said, words, strlen(words)) == 0, "a pointer is what it is said to be");
}

/* `offset` is from the block's start, and may lie below it or beyond the end. */
static void expect_in_block(const struct block *block, ptrdiff_t offset) {
    char words[WORDS_BYTES];
    const char *said = say_of(block->start + offset);
    size_t bytes = CAIRN_FORM_DEBUG ? block->size : block->usable;
    const char *state = block->is_freed ? "freed block" : "block";
    size_t distance = (size_t)(offset < 0 ? -offset : offset);
    if (offset == 0) {
        (void)snprintf(words, sizeof words, "at the start of a %s of %zu byte%s", state, bytes, cn_said_plural(bytes));
    } else if (offset > 0 && (size_t)offset >= bytes) {
        (void)snprintf(words, sizeof words, "%zu byte%s past the end of a %s of %zu byte%s", distance - bytes,
                       cn_said_plural(distance - bytes), state, bytes, cn_said_plural(bytes));
    } else {
        (void)snprintf(words, sizeof words, "%zu byte%s %s a %s of %zu byte%s", distance,
                       CAIRN_FORM_DEBUG ? cn_said_plural(distance) : "s", offset < 0 ? "before" : "inside", state,
                       bytes, cn_said_plural(bytes));
    }
    expect_start(said, words);
}

/* Where the surroundings that are the block's own end: in the release form, with its bytes. */
static ptrdiff_t take_offset(const struct block *block, size_t number) {
    enum { HEAD_BYTES = 16 };
    size_t bytes = CAIRN_FORM_DEBUG ? block->size : block->usable;
    if (number % 4 == 0) {
        return 0;
    }
    if (CAIRN_FORM_DEBUG && number % 4 == 1) {
        return -(ptrdiff_t)(1 + number / 4 % HEAD_BYTES);
    }
    return (ptrdiff_t)(number / 4 % (bytes + (CAIRN_FORM_DEBUG ? 1 : 0)));
}

/* The release form knows of freed blocks what the tables still say. */
static void expect_freed(const struct block *block) {
    CN_EXPECT(strncmp(say_of(block->start), "at the start of a block", 23) != 0, "a freed block is none");
}

static void describe_block(const struct block *block, size_t number) {
    if (block->start == NULL) {
        return;
    }
    if (block->is_freed && !CAIRN_FORM_DEBUG) {
        expect_freed(block);
    } else {
        expect_in_block(block, take_offset(block, number));
    }
}

/* ---- other memory -------------------------------------------------------------------------------------------- */

static char global;
static const char constant[] = "constant";
static char *mapped;      /* three pages: the first is nobody's file ... */
static char *mapped_file; /* ... the second is of one, and the third can be written, and is of none again */

struct elsewhere {
    const void *pointer;
    const char *words; /* in the debug form */
};

static void describe_elsewhere(size_t number) {
    char local = 0;
    const struct elsewhere places[] = {
        {NULL, "in the page at NULL"},
        {(const void *)(uintptr_t)1, "in the page at NULL"}, // NOLINT: any address
        {&local, "on the stack of thread "},
        {&global, "in the data of "},
        {constant, "in the "},                                            /* data or code, as the linker has it */
        {(const void *)(uintptr_t)describe_elsewhere, "in the code of "}, // NOLINT: any address
        {heap, "in Cairn's own tables"},
        {mapped, "in memory that was mapped by somebody else"},
        {mapped_file, "in the mapped file "},
        {mapped_file + PAGE_BYTES, "in memory that was mapped by somebody else"},
        {(const void *)UINTPTR_MAX, "at an address where nothing is mapped"},          // NOLINT
        {(const void *)((uintptr_t)1 << 62), "at an address where nothing is mapped"}, // NOLINT
    };
    const struct elsewhere *place = &places[number % (sizeof places / sizeof places[0])];
    const char *said = say_of(place->pointer);
    expect_start(said, CAIRN_FORM_DEBUG ? place->words : "outside the heap\n");
}

/* Anything at all is answered, and well: near a block, and anywhere. */
static void describe_any(const struct block *block, size_t number) {
    enum { FAR_SHIFT = 12 };
    uintptr_t base = block->start != NULL ? (uintptr_t)block->start : (uintptr_t)heap;
    uintptr_t distance = number % 2 == 0 ? number : (uintptr_t)number << FAR_SHIFT;
    (void)say_of((const void *)(base + distance));                // NOLINT: any address
    (void)say_of((const void *)(base - distance));                // NOLINT
    (void)say_of((const void *)((uintptr_t)number * UINT32_MAX)); // NOLINT
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static size_t size_of(size_t number) {
    enum { SMALL_MAX = 0xC000, LARGE_SHIFT = 6 };
    return number < SMALL_MAX ? number % 2000 : number << LARGE_SHIFT;
}

static void make(struct block *block, size_t number, bool in_heap) {
    if (block->start != NULL && !block->is_freed) {
        cairn_free(block->start);
    }
    size_t size = size_of(number);
    char *start = in_heap ? cairn_heap_malloc(heap, size) : cairn_malloc(size);
    CN_EXPECT(start != NULL, "there is memory");
    *block = (struct block){start, size, cairn_usable_size(start), false};
    for (size_t i = 0; i < PLACES; i++) { /* an address has one block */
        if (&blocks[i] != block && blocks[i].is_freed && !CAIRN_FORM_DEBUG) {
            blocks[i].start = NULL;
        }
    }
}

static void free_block(struct block *block) {
    if (block->start != NULL && !block->is_freed) {
        cairn_free(block->start);
        block->is_freed = true;
    }
}

static void step(void) {
    enum { MAKE, MAKE_IN_HEAP, FREE, DESCRIBE, DESCRIBE_TOO, ELSEWHERE, ANY, STATS, KINDS };
    uint8_t code = cn_bytes_take(&input);
    struct block *block = &blocks[cn_bytes_take(&input) % PLACES];
    size_t number = cn_bytes_take_number(&input, 2);
    switch (code % KINDS) {
    case MAKE:
    case MAKE_IN_HEAP:
        make(block, number, code % KINDS == MAKE_IN_HEAP);
        break;
    case FREE:
        free_block(block);
        break;
    case DESCRIBE:
    case DESCRIBE_TOO:
        describe_block(block, number);
        break;
    case ELSEWHERE:
        describe_elsewhere(number);
        break;
    case ANY:
        describe_any(block, number);
        break;
    default:
        cn_describe_stats(number);
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static void set(uint8_t settings) {
    enum { WITH_STACKS = 1, COLOURED = 2 };
    if (CAIRN_FORM_DEBUG) {
        cn_options.stack_depth = (settings & WITH_STACKS) != 0 ? STACK_DEPTH : 0;
        cn_options.color = (settings & COLOURED) != 0 ? CN_COLOR_ALWAYS : CN_COLOR_AUTO;
        cn_options.quarantine_bytes = QUARANTINE_BYTES;
        cn_hook_start();
    }
}

static void finish(void) {
    for (size_t i = 0; i < PLACES; i++) {
        free_block(&blocks[i]);
    }
    cairn_heap_destroy(heap);
    cn_empty_quarantine(); /* else freed spans would take more addresses with each input, and looks at the stats longer */
    CN_EXPECT(cairn_check(), "all is as it should be");
    (void)cairn_trim();
    memset(blocks, 0, sizeof blocks);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    FILE *file = tmpfile();
    (void)argc;
    (void)argv;
    CN_EXPECT(file != NULL && ftruncate(fileno(file), PAGE_BYTES) == 0, "a file can be made");
    mapped = mmap(NULL, (size_t)3 * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CN_EXPECT(mapped != MAP_FAILED, "memory can be mapped");
    mapped_file = mmap(mapped + PAGE_BYTES, PAGE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(file), 0);
    CN_EXPECT(mapped_file != MAP_FAILED, "a file can be mapped");
    CN_EXPECT(mprotect(mapped_file + PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE) == 0, "memory can be written");
    cn_describe_stats_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = cn_bytes_of(data, size);
    set(cn_bytes_take(&input));
    heap = cairn_heap_create("a \"name\" with \x01, \\ and \xe9", NULL);
    CN_EXPECT(heap != NULL, "a heap can be made");
    for (unsigned i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        step();
    }
    finish();
    return 0;
}
