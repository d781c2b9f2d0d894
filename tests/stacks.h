/*
 * stacks.h: the calling thread's stack as gcc's own unwinder sees it, to compare with.
 */
#ifndef CAIRN_TESTS_STACKS_H
#define CAIRN_TESTS_STACKS_H

#include <unwind.h>

#include "alloc/frame.h"
#include "tests/support.h"

#define NOINLINE __attribute__((noinline))

/* After a call that must not be its function's last: a tail call would leave no frame. */
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

struct reference {
    size_t count;
    uintptr_t frames[CN_FRAME_MAX_DEPTH + 1]; /* as in frame.h */
};

static inline _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument) {
    struct reference *reference = argument;
    int is_interrupted = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &is_interrupted);
    if (pc == 0 || reference->count == CN_FRAME_MAX_DEPTH + 1) {
        return _URC_END_OF_STACK;
    }
    reference->frames[reference->count++] = pc | (is_interrupted != 0 ? CN_FRAME_INTERRUPTED : 0);
    return _URC_NO_REASON;
}

/* The stack from the calling function's caller on, which is frames[1]. */
#define REFERENCE(reference) ((reference)->count = 0, _Unwind_Backtrace(note_frame, (reference)))

/* Whether `frames` are the first of the reference's, and all of them unless that is `depth`. */
static inline bool is_as_reference(const struct reference *reference, const uintptr_t *frames, size_t count,
                                   size_t depth) {
    size_t expected = reference->count - 1 < depth ? reference->count - 1 : depth;
    bool is_it = count == expected && memcmp(frames, reference->frames + 1, count * sizeof *frames) == 0;
    for (size_t i = 0; !is_it && i < expected; i++) {
        fprintf(stderr, "# frame %zu: %#zx, gcc says %#zx\n", i, i < count ? frames[i] : 0, reference->frames[i + 1]);
    }
    return is_it;
}

#endif
