/* grow.c: workloads that grow blocks by realloc: many strings, vectors of all lengths, and one block up to 64 MiB. */
#include "workload.h"

#include <string.h>

struct string {
    unsigned char *text;
    size_t length;
};

static void *grown(void *block, size_t size) {
    void *larger = realloc(block, size);
    if (larger == NULL) {
        fail("out of memory");
    }
    return larger;
}

/* Appends `count` bytes; the string's first and last byte tell whether it came along whole. */
static void string_append(struct string *string, size_t count) {
    string->text = grown(string->text, string->length + count);
    if (string->length > 0) {
        block_check(string->text, string->length, 's');
    }
    memset(string->text + string->length, 's', count);
    string->length += count;
}

static void string_end(struct string *string) {
    free(string->text);
    string->text = NULL;
    string->length = 0;
}

/* A thousand strings, appended to in random order by 1 to 64 bytes, each ended when it is 4 KiB long. */
static void grow_strings(struct run *run) {
    enum { STRING_COUNT = 1000, MOST_LENGTH = 4096 };
    static struct string strings[STRING_COUNT];
    struct dice dice = {0xa3b195354a39b70du};
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        struct string *string = &strings[dice_below(&dice, STRING_COUNT)];
        string_append(string, 1 + dice_below(&dice, 64));
        if (string->length >= MOST_LENGTH) {
            string_end(string);
        }
    }
    run_end(run);
    for (size_t i = 0; i < STRING_COUNT; i++) {
        string_end(&strings[i]);
    }
}

/* A vector that grows by half whenever it is full, as those of several C++ libraries do. */
struct vector {
    unsigned char *items;
    size_t capacity;
    size_t most; /* it ends when it would become longer */
};

enum { VECTOR_FIRST_BYTES = 16, PAGE_BYTES = 4096 };

/* Grows the vector and writes what is new, once for each page; it begins anew when it is long enough. */
static void vector_grow(struct vector *vector) {
    size_t old_bytes = vector->capacity;
    size_t new_bytes = old_bytes == 0 ? VECTOR_FIRST_BYTES : old_bytes + old_bytes / 2;
    if (new_bytes > vector->most) {
        free(vector->items);
        vector->items = NULL;
        vector->capacity = 0;
        return;
    }
    vector->items = grown(vector->items, new_bytes);
    vector->capacity = new_bytes;
    if (old_bytes > 0) {
        block_check(vector->items, old_bytes, 'v');
    }
    for (size_t at = old_bytes; at < new_bytes; at += PAGE_BYTES) {
        vector->items[at] = 'v';
    }
    block_mark(vector->items, new_bytes, 'v');
}

/* Sixty-four vectors grow in random order: most to some KiB, some to a MiB, one to 64 MiB. */
static void grow_vectors(struct run *run) {
    enum { VECTOR_COUNT = 64, LONG_EVERY = 8, SHORT_MOST = 8 << 10, LONG_MOST = 1 << 20, LONGEST = 64 << 20 };
    static struct vector vectors[VECTOR_COUNT];
    struct dice dice = {0x6a09e667f3bcc909u};
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        vectors[i].most = i == 0 ? LONGEST : i % LONG_EVERY == 0 ? LONG_MOST : SHORT_MOST;
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        vector_grow(&vectors[dice_below(&dice, VECTOR_COUNT)]);
    }
    run_end(run);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        free(vectors[i].items);
    }
}

/* One block grows by eight bytes at each turn, up to 1 KiB, and begins anew; untouched. */
static void bare_realloc(struct run *run) {
    enum { LEAST_BYTES = 16, MOST_BYTES = 1024 };
    void *block = NULL;
    size_t size = LEAST_BYTES;
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        block = grown(block, size);
        size = size < MOST_BYTES ? size + 8 : LEAST_BYTES;
    }
    run_end(run);
    free(block);
}

/* One block grows in steps of 64 KiB to 64 MiB, over and over; every new page is written. A small block is taken
 * at each step, so that the large one is not alone. */
static void grow_one(struct run *run) {
    enum { STEP_BYTES = 64 * 1024, STEP_COUNT = 1024 };
    unsigned char *block = NULL;
    run->count = (run->count + STEP_COUNT - 1) / STEP_COUNT * STEP_COUNT;
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        size_t old_bytes = i % STEP_COUNT * STEP_BYTES;
        unsigned char *small = block_take(100, i);
        block = grown(block, old_bytes + STEP_BYTES);
        for (size_t at = old_bytes; at < old_bytes + STEP_BYTES; at += PAGE_BYTES) {
            block[at] = (unsigned char)(at / PAGE_BYTES);
        }
        size_t probe = i * 31 % (i % STEP_COUNT + 1) * STEP_BYTES;
        if (block[probe] != (unsigned char)(probe / PAGE_BYTES)) {
            fail("a grown block has lost its content");
        }
        block_give(small, 100, i);
        if ((i + 1) % STEP_COUNT == 0) {
            free(block);
            block = NULL;
        }
    }
    run_end(run);
    free(block);
}

const struct workload grow_workloads[] = {
    {"grow-strings", "1-64 bytes appended to one of 1,000 strings by realloc", 8000000, grow_strings},
    {"grow-vectors", "one of 64 vectors grows by half; most to 8 KiB, some to 1 MiB, one to 64 MiB", 40000,
     grow_vectors},
    {"grow-one", "a 64 KiB step of one block growing to 64 MiB", 8192, grow_one},
    {"bare-realloc", "8 bytes more by realloc, up to 1 KiB, untouched", 8000000, bare_realloc},
    {NULL, NULL, 0, NULL},
};
