/*
 * differential_fuzz.c: the default heap against the C library's malloc: the same calls to both must return NULL or a
 * block alike, set errno alike, and leave blocks with the same contents.
 *
 * The C library's functions are looked up behind this program, where a sanitizer may have put its own. Of an alignment,
 * posix_memalign is asked: it refuses what is no power of two, as Cairn does. It refuses 1 too, which memalign takes.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cairn.h"
#include "fuzz/c_library.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/pattern.h"
#include "fuzz/program.h"

static const size_t live_max_bytes = (size_t)16 << 20;
static const size_t absurd_bytes = (size_t)1 << 46;

enum { ERRNO_KEPT = 4095 };

struct c_library {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void (*free)(void *);
    size_t (*malloc_usable_size)(void *);
};

static struct c_library other;

/* One block from each, or NULL from both. */
struct pair {
    unsigned char *mine;
    unsigned char *others;
    size_t size;
};

static struct pair pairs[CN_PROGRAM_SLOTS];
static size_t live_bytes;
static uint64_t seed;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_c_library_find(&other.malloc, "malloc");
    cn_c_library_find(&other.calloc, "calloc");
    cn_c_library_find(&other.realloc, "realloc");
    cn_c_library_find(&other.reallocarray, "reallocarray");
    cn_c_library_find(&other.memalign, "memalign");
    cn_c_library_find(&other.posix_memalign, "posix_memalign");
    cn_c_library_find(&other.free, "free");
    cn_c_library_find(&other.malloc_usable_size, "malloc_usable_size");
    return 0;
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

static void expect_same_contents(const struct pair *pair, size_t bytes) {
    CN_EXPECT(bytes == 0 || memcmp(pair->mine, pair->others, bytes) == 0, "both blocks have the same contents");
}

static void expect_same_outcome(const void *mine, int my_error, const void *others, int others_error) {
    CN_EXPECT((mine == NULL) == (others == NULL), "both return a block, or both return NULL");
    CN_EXPECT(mine != NULL || my_error == others_error, "both set errno alike");
}

/* A pair of new blocks; `kept` bytes of it have contents that must be the same. */
static void put(struct pair *pair, void *mine, void *others, size_t size, size_t kept) {
    live_bytes += size - pair->size;
    *pair = (struct pair){mine, others, size};
    CN_EXPECT(cairn_usable_size(mine) >= size && other.malloc_usable_size(others) >= size,
              "both blocks are large enough");
    expect_same_contents(pair, kept);
    seed++;
    cn_pattern_fill(pair->mine, 0, size, seed);
    cn_pattern_fill(pair->others, 0, size, seed);
}

static bool is_too_much(size_t bytes) { return bytes < absurd_bytes && live_bytes + bytes > live_max_bytes; }

/* ---- operations ---------------------------------------------------------------------------------------------- */

static void free_pair(struct pair *pair) {
    expect_same_contents(pair, pair->size);
    errno = ERRNO_KEPT;
    cairn_free(pair->mine);
    int my_error = errno;
    errno = ERRNO_KEPT;
    other.free(pair->others);
    CN_EXPECT(my_error == errno, "both keep errno when they free");
    live_bytes -= pair->size;
    *pair = (struct pair){0};
}

static void *aligned_of_other(size_t alignment, size_t size) {
    if (alignment == 1) {
        return other.memalign(alignment, size);
    }
    void *block = NULL;
    int error = other.posix_memalign(&block, alignment, size);
    errno = error != 0 ? error : errno;
    return error == 0 ? block : NULL;
}

static void allocate(struct pair *pair, const struct cn_operation *operation) {
    size_t bytes = cn_operation_bytes(operation);
    if (is_too_much(bytes)) {
        return;
    }
    void *mine;
    void *others;
    errno = 0;
    mine = operation->kind == CN_OP_CALLOC          ? cairn_calloc(operation->count, operation->size)
           : operation->kind == CN_OP_ALIGNED_ALLOC ? cairn_aligned_alloc(operation->alignment, operation->size)
                                                    : cairn_malloc(operation->size);
    int my_error = errno;
    errno = 0;
    others = operation->kind == CN_OP_CALLOC          ? other.calloc(operation->count, operation->size)
             : operation->kind == CN_OP_ALIGNED_ALLOC ? aligned_of_other(operation->alignment, operation->size)
                                                      : other.malloc(operation->size);
    expect_same_outcome(mine, my_error, others, errno);
    if (mine != NULL) {
        put(pair, mine, others, bytes, operation->kind == CN_OP_CALLOC ? bytes : 0);
    }
}

/* The C library's reallocarray calls whatever is named realloc in the program, once the product is found to fit. */
static void *reallocarray_of_other(void *block, size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? other.reallocarray(block, count, size)
                                                       : other.realloc(block, bytes);
}

static void resize(struct pair *pair, const struct cn_operation *operation) {
    bool is_array = operation->kind == CN_OP_REALLOCARRAY;
    size_t bytes = cn_operation_bytes(operation);
    if (is_too_much(bytes)) {
        return;
    }
    expect_same_contents(pair, pair->size);
    errno = 0;
    void *mine = is_array ? cairn_reallocarray(pair->mine, operation->count, operation->size)
                          : cairn_realloc(pair->mine, operation->size);
    int my_error = errno;
    errno = 0;
    void *others = is_array ? reallocarray_of_other(pair->others, operation->count, operation->size)
                            : other.realloc(pair->others, operation->size);
    expect_same_outcome(mine, my_error, others, errno);
    if (mine != NULL) {
        put(pair, mine, others, bytes, bytes < pair->size ? bytes : pair->size);
    } else if (bytes == 0) {
        live_bytes -= pair->size;
        *pair = (struct pair){0};
    } else {
        expect_same_contents(pair, pair->size);
    }
}

static void perform(const struct cn_operation *operation) {
    struct pair *pair = &pairs[operation->slot];
    switch (operation->kind) {
    case CN_OP_MALLOC:
    case CN_OP_CALLOC:
    case CN_OP_ALIGNED_ALLOC:
        free_pair(pair);
        allocate(pair, operation);
        break;
    case CN_OP_REALLOC:
    case CN_OP_REALLOCARRAY:
        resize(pair, operation);
        break;
    case CN_OP_FREE:
    case CN_OP_FREE_SIZED:
        free_pair(pair);
        break;
    case CN_OP_FREE_SOME:
        for (size_t slot = operation->slot; slot < CN_PROGRAM_SLOTS; slot += operation->count) {
            free_pair(&pairs[slot]);
        }
        break;
    case CN_OP_TRIM:
        (void)cairn_trim();
        break;
    default: /* the C library has nothing of the kind */
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < cn_program_length(size); i++) {
        struct cn_operation operation = cn_program_operation(data, i, CN_PROGRAM_SEQUENCE);
        perform(&operation);
    }
    for (size_t slot = 0; slot < CN_PROGRAM_SLOTS; slot++) {
        free_pair(&pairs[slot]);
    }
    return 0;
}
