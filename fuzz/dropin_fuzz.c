/*
 * dropin_fuzz.c: the names of the C library (alloc/dropin.c), under names of their own, against the C library's: the
 * same call of both must return a block or NULL alike, set errno alike, and leave blocks with the same contents.
 *
 *   five bytes a call: which one, with which block, and a number of three bytes for size and alignment
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn.h"
#include "fuzz/bytes.h"
#include "fuzz/c_library.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/pattern.h"
#include "fuzz/said.h"

enum { PLACES = 16, CALLS_MAX = 300, PAGE_BYTES = 4096, ERRNO_KEPT = 4095, ALIGNMENT_SHIFT_MAX = 16 };

/* Of both sides; what one has beyond the other is called by its own name. */
struct functions {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    void (*free)(void *);
    size_t (*malloc_usable_size)(void *);
};

void *cn_dropin_malloc(size_t size);
void *cn_dropin_calloc(size_t count, size_t size);
void *cn_dropin_realloc(void *block, size_t size);
void *cn_dropin_reallocarray(void *block, size_t count, size_t size);
void *cn_dropin_memalign(size_t alignment, size_t size);
void *cn_dropin_aligned_alloc(size_t alignment, size_t size);
int cn_dropin_posix_memalign(void **block, size_t alignment, size_t size);
void *cn_dropin_valloc(size_t size);
void *cn_dropin_pvalloc(size_t size);
void cn_dropin_free(void *block);
void cn_dropin_cfree(void *block);
void cn_dropin_free_sized(void *block, size_t size);
void cn_dropin_free_aligned_sized(void *block, size_t alignment, size_t size);
size_t cn_dropin_malloc_usable_size(void *block);
int cn_dropin_malloc_trim(size_t pad);
int cn_dropin_mallopt(int parameter, int value);
struct mallinfo cn_dropin_mallinfo(void);
struct mallinfo2 cn_dropin_mallinfo2(void);
void cn_dropin_malloc_stats(void);
int cn_dropin_malloc_info(int options, FILE *stream);

static const struct functions mine = {
    cn_dropin_malloc,
    cn_dropin_calloc,
    cn_dropin_realloc,
    cn_dropin_reallocarray,
    cn_dropin_memalign,
    cn_dropin_aligned_alloc,
    cn_dropin_posix_memalign,
    cn_dropin_valloc,
    cn_dropin_pvalloc,
    cn_dropin_free,
    cn_dropin_malloc_usable_size,
};
static struct functions other;

#define ROUNDED SIZE_MAX

struct pair {
    unsigned char *mine;
    unsigned char *others;
    size_t size;
    size_t alignment; /* 0: none was asked for; ROUNDED: another than was asked for, or another size */
};

static struct pair pairs[PLACES];
static struct cn_bytes input;
static uint64_t seed;

/* ---- a pair of calls ----------------------------------------------------------------------------------------- */

struct call {
    unsigned code;
    size_t size;
    size_t count;
    size_t alignment;
};

enum code { MALLOC, CALLOC, MEMALIGN, ALIGNED_ALLOC, POSIX_MEMALIGN, VALLOC, PVALLOC };
enum { ALLOCATIONS = PVALLOC + 1 };

static void *allocate(const struct functions *functions, const struct call *call, int *error) {
    void *block = NULL;
    errno = 0;
    switch (call->code) {
    case CALLOC:
        block = functions->calloc(call->count, call->size);
        break;
    case MEMALIGN:
        block = functions->memalign(call->alignment, call->size);
        break;
    case ALIGNED_ALLOC:
        block = functions->aligned_alloc(call->alignment, call->size);
        break;
    case POSIX_MEMALIGN:
        *error = functions->posix_memalign(&block, call->alignment, call->size);
        CN_EXPECT((*error == 0) == (block != NULL), "posix_memalign tells its failures by what it returns");
        return block;
    case VALLOC:
        block = functions->valloc(call->size);
        break;
    case PVALLOC:
        block = functions->pvalloc(call->size);
        break;
    default:
        block = functions->malloc(call->size);
    }
    *error = errno;
    return block;
}

/* What the call promises, at least. */
static size_t alignment_of(const struct call *call) {
    if (call->code == VALLOC || call->code == PVALLOC) {
        return PAGE_BYTES;
    }
    return call->code == MALLOC || call->code == CALLOC ? 0 : call->alignment;
}

/* How many bytes the block has, for the caller. */
static size_t bytes_of(const struct call *call) {
    return call->code == CALLOC    ? call->count * call->size
           : call->code == PVALLOC ? (call->size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES
                                   : call->size;
}

static bool is_aligned(const void *block, size_t alignment) {
    size_t lowest = 16;
    while (lowest < alignment) {
        lowest *= 2; /* what is no power of two is rounded up */
    }
    return (uintptr_t)block % lowest == 0;
}

static void expect_same(const struct pair *pair, size_t bytes) {
    CN_EXPECT(bytes == 0 || memcmp(pair->mine, pair->others, bytes) == 0, "both blocks have the same contents");
}

static void fill(struct pair *pair) {
    seed++;
    cn_pattern_fill(pair->mine, 0, pair->size, seed);
    cn_pattern_fill(pair->others, 0, pair->size, seed);
}

static void free_pair(struct pair *pair, unsigned how) {
    expect_same(pair, pair->size);
    errno = ERRNO_KEPT;
    if (how % 4 == 1) {
        cn_dropin_cfree(pair->mine);
    } else if (how % 4 == 2 && pair->alignment == 0) {
        cn_dropin_free_sized(pair->mine, pair->size);
    } else if (how % 4 == 3 && pair->alignment != 0 && pair->alignment != ROUNDED) {
        cn_dropin_free_aligned_sized(pair->mine, pair->alignment, pair->size);
    } else {
        cn_dropin_free(pair->mine);
    }
    CN_EXPECT(errno == ERRNO_KEPT, "free keeps errno");
    other.free(pair->others);
    *pair = (struct pair){0};
}

static void make(struct pair *pair, const struct call *call) {
    int my_error = 0;
    int others_error = 0;
    free_pair(pair, call->code);
    unsigned char *my_block = allocate(&mine, call, &my_error);
    CN_EXPECT(call->code != POSIX_MEMALIGN || errno == 0, "posix_memalign leaves errno as it is");
    unsigned char *others = allocate(&other, call, &others_error);
    size_t bytes = bytes_of(call);
    CN_EXPECT((my_block == NULL) == (others == NULL), "both return a block, or both return NULL");
    CN_EXPECT(my_block != NULL || my_error == others_error, "both fail alike");
    if (my_block == NULL) {
        return;
    }
    CN_EXPECT(is_aligned(my_block, alignment_of(call)), "a block is aligned");
    *pair = (struct pair){my_block, others, bytes, alignment_of(call)};
    if (call->code == PVALLOC || (pair->alignment & (pair->alignment - 1)) != 0) {
        pair->alignment = ROUNDED;
    }
    CN_EXPECT(cn_dropin_malloc_usable_size(my_block) >= bytes && other.malloc_usable_size(others) >= bytes,
              "both blocks are large enough");
    expect_same(pair, call->code == CALLOC ? bytes : 0);
    fill(pair);
}

/* The C library's reallocarray calls whatever is named realloc in the program, once the product is found to fit. */
static void *reallocarray_of_other(void *block, size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? other.reallocarray(block, count, size)
                                                       : other.realloc(block, bytes);
}

static void resize(struct pair *pair, const struct call *call, bool is_array) {
    size_t bytes = call->size;
    bool fits = !is_array || !__builtin_mul_overflow(call->count, call->size, &bytes);
    size_t kept = bytes < pair->size ? bytes : pair->size;
    errno = 0;
    unsigned char *my_block = is_array ? cn_dropin_reallocarray(pair->mine, call->count, call->size)
                                       : cn_dropin_realloc(pair->mine, call->size);
    int my_error = errno;
    errno = 0;
    unsigned char *others = is_array ? reallocarray_of_other(pair->others, call->count, call->size)
                                     : other.realloc(pair->others, call->size);
    CN_EXPECT((my_block == NULL) == (others == NULL), "both are resized, or neither");
    CN_EXPECT(my_block != NULL || my_error == errno, "both fail alike");
    CN_EXPECT(my_block == NULL || fits, "what is too much for any block is refused");
    if (my_block != NULL) {
        *pair = (struct pair){my_block, others, bytes, 0};
        expect_same(pair, kept);
        fill(pair);
    } else if (fits && bytes == 0 && pair->mine != NULL) {
        *pair = (struct pair){0};
    }
}

/* ---- looking and tuning -------------------------------------------------------------------------------------- */

static void look_at_mallinfo(void) {
    struct cairn_stats stats;
    struct mallinfo2 info = cn_dropin_mallinfo2();
    cairn_stats_get(&stats);
    CN_EXPECT(info.arena == stats.pool_bytes && info.hblkhd == stats.span_bytes, "mallinfo2 counts pools and spans");
    CN_EXPECT(info.uordblks + info.hblkhd == stats.block_bytes, "mallinfo2 counts live blocks");
    CN_EXPECT(info.uordblks + info.fordblks == info.arena, "mallinfo2 counts all bytes of pools once");
    struct mallinfo narrow = cn_dropin_mallinfo();
    CN_EXPECT(narrow.arena == (int)info.arena && narrow.uordblks == (int)info.uordblks &&
                  narrow.fordblks == (int)info.fordblks && narrow.hblkhd == (int)info.hblkhd,
              "mallinfo has the figures of mallinfo2");
}

static void look_at_malloc_info(void) {
    struct cairn_stats stats;
    char *text = NULL;
    size_t length = 0;
    size_t pooled = 0;
    FILE *stream = open_memstream(&text, &length);
    CN_EXPECT(stream != NULL, "there is memory for a stream");
    CN_EXPECT(cn_dropin_malloc_info(1, stream) == EINVAL, "malloc_info has no options");
    CN_EXPECT(cn_dropin_malloc_info(0, stream) == 0 && fclose(stream) == 0, "malloc_info writes to the stream");
    cairn_stats_get(&stats);
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        pooled += stats.classes[i].pools != 0 ? 1 : 0;
    }
    size_t sizes = 0;
    for (const char *at = text; (at = strstr(at, "<size from=")) != NULL; at++) {
        sizes++;
    }
    CN_EXPECT(sizes == pooled, "malloc_info has a line for each size that has memory");
    CN_EXPECT(strncmp(text, "<malloc version=\"1\">\n", 21) == 0 && strcmp(text + length - 10, "</malloc>\n") == 0,
              "malloc_info writes one element");
    free(text);
}

static void print_stats(void *argument) {
    (void)argument;
    cn_dropin_malloc_stats();
}

static void look(size_t number) {
    static const int known[] = {M_MXFAST, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_PERTURB};
    switch (number % 5) {
    case 0:
        look_at_mallinfo();
        break;
    case 1:
        look_at_malloc_info();
        break;
    case 2:
        cn_said_run(print_stats, NULL);
        CN_EXPECT(strncmp(cn_said_take(), "cairn: stats of process ", 24) == 0, "malloc_stats prints the stats");
        break;
    case 3:
        CN_EXPECT(cn_dropin_mallopt(known[number / 5 % (sizeof known / sizeof known[0])], 1) == 1,
                  "what the C library can be told is accepted");
        CN_EXPECT(cn_dropin_mallopt(77, 1) == 1, "so is what it cannot");
        break;
    default:
        (void)cn_dropin_malloc_trim(number);
        CN_EXPECT(cn_dropin_malloc_trim(0) == 0, "a second trim finds nothing");
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static size_t size_of(size_t number) {
    static const size_t absurd[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX, SIZE_MAX - 4095, SIZE_MAX - 4096};
    if (number % 16 == 15) {
        return absurd[number / 16 % (sizeof absurd / sizeof absurd[0])];
    }
    return number % 16 >= 13 ? number / 16 : number / 16 % 3000;
}

static size_t size_of_alignment(size_t number) {
    size_t power = (size_t)1 << number % (ALIGNMENT_SHIFT_MAX + 1);
    size_t way = number / 64 % 8;
    return way < 5 ? power : way == 5 ? power + number % 3 : way == 6 ? number % 100 : SIZE_MAX / 2 + number % 3;
}

static void step(void) {
    enum { RESIZE = ALLOCATIONS, RESIZE_ARRAY, FREE, LOOK, CALLS };
    struct call call = {.code = cn_bytes_take(&input) % CALLS};
    uint8_t place = cn_bytes_take(&input);
    size_t number = cn_bytes_take_number(&input, 3);
    struct pair *pair = &pairs[place % PLACES];
    call.size = size_of(number);
    call.alignment = size_of_alignment(number);
    call.count = place / PLACES;
    if (call.code < ALLOCATIONS) {
        make(pair, &call);
    } else if (call.code == RESIZE || call.code == RESIZE_ARRAY) {
        resize(pair, &call, call.code == RESIZE_ARRAY);
    } else if (call.code == FREE) {
        free_pair(pair, place / PLACES);
    } else {
        look(number);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_c_library_find(&other.malloc, "malloc");
    cn_c_library_find(&other.calloc, "calloc");
    cn_c_library_find(&other.realloc, "realloc");
    cn_c_library_find(&other.reallocarray, "reallocarray");
    cn_c_library_find(&other.memalign, "memalign");
    cn_c_library_find(&other.aligned_alloc, "aligned_alloc");
    cn_c_library_find(&other.posix_memalign, "posix_memalign");
    cn_c_library_find(&other.valloc, "valloc");
    cn_c_library_find(&other.pvalloc, "pvalloc");
    cn_c_library_find(&other.free, "free");
    cn_c_library_find(&other.malloc_usable_size, "malloc_usable_size");
    return 0;
}

static uint64_t live_blocks(void) {
    static struct cairn_stats stats;
    cairn_stats_get(&stats);
    return stats.block_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = cn_bytes_of(data, size);
    for (unsigned i = 0; i < CALLS_MAX && cn_bytes_are_left(&input); i++) {
        step();
    }
    for (size_t i = 0; i < PLACES; i++) {
        free_pair(&pairs[i], 0);
    }
    CN_EXPECT(live_blocks() == 0, "nothing is left behind");
    return 0;
}
