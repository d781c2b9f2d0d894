/*
 * watched_program.c: one wrong access to one block, or none, for watch_test.sh to see reported. The line of each access
 * is marked with its case.
 *   watched_program CASE malloc|heap BYTES     or: watched_program tool
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOOL "asan"
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TOOL "asan"
#elif !defined(TOOL)
#define TOOL "none"
#endif

enum { GO_ON = 2 };

static struct cairn_heap *heap; /* NULL: the thread's */
static size_t bytes;
static volatile char sink;

static char *get(size_t size) {
    char *block = heap != NULL ? cairn_heap_malloc(heap, size) : cairn_malloc(size);
    if (block == NULL) {
        abort();
    }
    return block;
}

static char *get_filled(size_t size) { return memset(get(size), 'x', size); }

static void put(char *block) { cairn_free(block); }

/* ---- the wrong ones ------------------------------------------------------------------------------------------ */

static void read_behind(volatile char *block) { sink = block[bytes]; /* overflow-read */ }

static void write_behind(volatile char *block) { block[bytes] = 'y'; /* overflow-write */ }

static void read_before(volatile char *block) { sink = block[-1]; /* underflow-read */ }

static void read_freed(volatile char *block) {
    put((char *)(size_t)block);
    sink = block[bytes / 2]; /* read-after-free */
}

static void write_freed(volatile char *block) {
    put((char *)(size_t)block);
    block[bytes / 2] = 'y'; /* write-after-free */
}

static void read_moved(volatile char *block) {
    char *moved = cairn_realloc((char *)(size_t)block, bytes + 1);
    sink = block[0]; /* read-after-realloc */
    put(moved);
}

static void read_behind_shrunk(volatile char *block) {
    volatile char *shrunk = cairn_realloc((char *)(size_t)block, bytes - 1);
    sink = shrunk[bytes - 1]; /* overflow-read-after-shrinking */
}

static void read_destroyed(volatile char *block) {
    cairn_heap_destroy(heap);
    sink = block[0]; /* read-after-destroy */
}

static void read_unset(volatile char *block) {
    (void)block;
    volatile char *unset = get(bytes);
    if (unset[bytes - 1] == 'z') { /* read-of-unset */
        puts("z");
    }
}

/* ---- the right one ------------------------------------------------------------------------------------------- */

static bool fill_all(void *block, size_t usable, void *argument) {
    (void)argument;
    memset(block, 'w', usable);
    return true;
}

static void use_fully(char *block) {
    memset(block, 'v', cairn_usable_size(block));
    char *moved = cairn_realloc(block, 3 * bytes);
    memset(moved + bytes, 'u', 2 * bytes);
    moved = cairn_realloc(moved, bytes);
    put(moved);
}

static void do_right(volatile char *block) {
    for (size_t size = 0; size < 3 * bytes; size += bytes / 7 + 1) {
        use_fully(get_filled(size + 1));
        put(get(size));
        char *zeros = cairn_calloc(3, size);
        for (size_t i = 0; i < 3 * size; i++) {
            if (zeros[i] != 0) {
                abort();
            }
        }
        cairn_free_sized(zeros, 3 * size);
        char *aligned = cairn_aligned_alloc(256, size);
        put(memset(aligned, 't', size));
    }
    if (heap != NULL) {
        (void)cairn_heap_walk(heap, fill_all, NULL);
    }
    put((char *)(size_t)block);
    (void)cairn_check();
    (void)cairn_trim();
    use_fully(get_filled(bytes));
    if (heap != NULL) {
        (void)get_filled(bytes);
        cairn_heap_destroy(heap);
        heap = cairn_heap_create("again", NULL);
        put(get_filled(bytes));
    }
    puts("right");
}

/* -------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(volatile char *block);
} cases[] = {
    {"overflow-read", read_behind},
    {"overflow-write", write_behind},
    {"underflow-read", read_before},
    {"read-after-free", read_freed},
    {"write-after-free", write_freed},
    {"read-after-realloc", read_moved},
    {"overflow-read-after-shrinking", read_behind_shrunk},
    {"read-after-destroy", read_destroyed},
    {"read-of-unset", read_unset},
    {"nothing", do_right},
};

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "tool") == 0) {
        puts(TOOL);
        return 0;
    }
    if (count != 4) {
        return 1;
    }
    heap = strcmp(arguments[2], "heap") == 0 ? cairn_heap_create("watched", NULL) : NULL;
    bytes = (size_t)strtoul(arguments[3], NULL, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(arguments[1], cases[i].name) == 0) {
            (void)get_filled(bytes); /* a neighbour before ... */
            char *block = get_filled(bytes);
            (void)get_filled(bytes); /* ... and one behind */
            cases[i].run(block);
            return 0;
        }
    }
    return GO_ON;
}
