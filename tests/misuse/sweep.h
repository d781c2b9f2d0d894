/*
 * sweep.h: many misuses in one program. The debug form's reports come to a callback, which lets the program go on; none is
 * printed. In the release form, which sees few of them, the program ends at once.
 *
 *   sweep_start();
 *   ... the misuse of a block ...
 *   sweep_expect("heap-buffer-overflow", block, size);       once for each
 */
#ifndef CAIRN_TESTS_MISUSE_SWEEP_H
#define CAIRN_TESTS_MISUSE_SWEEP_H

#include "misuse.h"

enum { SWEEP_KIND_BYTES = 64 };

static struct {
    int messages;
    unsigned count; /* of reports since the last sweep_expect */
    char kind[SWEEP_KIND_BYTES];
    const void *block;
    size_t size;
    uint64_t site;
} sweep;

static enum cairn_verdict sweep_note(const struct cairn_report *report, void *nothing) {
    (void)nothing;
    sweep.count++;
    strncpy(sweep.kind, report->kind, SWEEP_KIND_BYTES - 1);
    sweep.block = report->block;
    sweep.size = report->size;
    sweep.site = report->site;
    return CAIRN_GO_ON;
}

/* Reports that nobody can read are not printed, which saves most of their time. */
static inline void sweep_start(void) {
    if (!cairn_set_report_callback(sweep_note, NULL)) {
        _exit(0);
    }
    sweep.messages = dup(STDERR_FILENO);
    close(STDERR_FILENO);
}

/* Requires that there was one report since the last call, of this kind and block. */
static inline void sweep_expect(const char *kind, const void *block, size_t size) {
    bool is_right = sweep.count == 1 && strcmp(sweep.kind, kind) == 0 && sweep.block == block && sweep.size == size &&
                    sweep.site != 0;
    if (!is_right) {
        dprintf(sweep.messages, "%u reports; expected %s of %zu bytes at %p; the last: %s of %zu bytes at %p\n",
                sweep.count, kind, size, block, sweep.kind, sweep.size, sweep.block);
        _exit(2);
    }
    sweep.count = 0;
}

/* A size of each class, one above it, and one in its middle; above the last class, sizes of spans. */
enum { SWEEP_SIZE_COUNT = 252 };

static inline void sweep_sizes(size_t sizes[SWEEP_SIZE_COUNT]) {
    enum { SMALL_END = 128, STEPS_LOG2 = 3, GRANULE = 16 };
    size_t count = 0;
    for (size_t size = GRANULE; count + 3 <= SWEEP_SIZE_COUNT;) {
        size_t step = GRANULE;
        while (step << (STEPS_LOG2 + 1) <= size) {
            step *= 2;
        }
        size_t next = size + (size < SMALL_END ? GRANULE : step);
        sizes[count++] = size;
        sizes[count++] = size + 1;
        sizes[count++] = (size + next) / 2;
        size = next;
    }
}

#endif
