/*
 * unwind.h: from a place in the calling thread outwards, frame by frame.
 *
 * On x86-64 by the modules' call frame information (cfi.h); the rule for each place is looked up once, and remembered
 * for all threads. Code without any, as a JIT makes it, is gone through by the frame pointer where what that leads to
 * makes sense. On other machines by the frame pointer alone.
 *
 * U1  A word of the stack is read only where the thread has seen its page to be readable. A rule that is wrong, or is of
 *     a module that is not there any more, gives wrong frames or too few; it cannot fault.
 * U2  Frames lie at rising addresses, but for the step from a signal handler to what it interrupted.
 * U3  No lock, and no memory but the table of rules, which is the system's.
 */
#ifndef CN_UNWIND_H
#define CN_UNWIND_H

#include "frame.h"
#include "machine.h"
#include "module.h"

/* What a thread has seen to be readable of the stack that it is on; zero at first. Where it is kept from walk to walk, the
 * stack's end must be given: what lies behind is somebody else's, and may be gone the next time. */
struct cn_readable {
    uintptr_t start;
    uintptr_t end;
    uintptr_t limit; /* a page's start, beyond which nothing is read; 0: none */
};

enum cn_unwind_start { CN_UNWIND_FROM_CALL, CN_UNWIND_FROM_INTERRUPTED };

/*
 * A walk that goes on as its user asks. Where it goes to next is a function of the place `at`, of the modules, and of
 * words of the stack: the one below the next place's sp, which is its pc, and those that the step names.
 */
struct cn_walker {
    struct cn_registers at;
    bool is_interrupted; /* `at` is */
    bool is_repeatable;  /* no step so far was decided by more than that: one through a signal's frame is */
    bool has_used_fp;    /* the last step was decided by the fp before it */
    uintptr_t fp_at;     /* the word that the last step has read at.fp from; 0: it has not */
    uintptr_t sp_at;     /* the word that the last step has read at.sp from; 0: it has not */

    struct cn_readable *readable;
    struct cn_readable other; /* where a signal's frame led to another stack */
    struct cn_module module;  /* in which the last address was; empty at first, and where it was in none */
    uint64_t module_tag;
};

/* Done: `at` is the caller. Outermost: there is none, whatever the stack holds. Lost: none is found. */
enum cn_step { CN_STEP_DONE, CN_STEP_OUTERMOST, CN_STEP_LOST };

void cn_walker_begin(struct cn_walker *walker, const struct cn_registers *registers, enum cn_unwind_start start,
                     struct cn_readable *readable);
enum cn_step cn_walker_step(struct cn_walker *walker);

/* A frame as in frame.h. */
CN_INLINE uintptr_t cn_walker_frame(const struct cn_walker *walker) {
    return walker->at.pc | (walker->is_interrupted ? CN_FRAME_INTERRUPTED : 0);
}

struct cn_walk {
    size_t count;
    uintptr_t frames[CN_FRAME_MAX_DEPTH]; /* frame.h; innermost first */
};

/* Finds the frames from `registers` outwards, that one first, at most `depth` (1 to CN_FRAME_MAX_DEPTH). */
void cn_unwind(const struct cn_registers *registers, enum cn_unwind_start start, size_t depth,
               struct cn_readable *readable, struct cn_walk *walk);

#endif
