/*
 * unwind.h: from a place in the calling thread outwards, frame by frame.
 *
 * On x86-64 by the modules' call frame information (cfi.h); the rule for each place is looked up once, and remembered for
 * all threads. Code without any, as a JIT makes it, is gone through by the frame pointer where what that leads to makes
 * sense. On other machines by the frame pointer alone.
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

/* What a thread has seen to be readable of the stack that it is on; zero at first. */
struct cn_readable {
    uintptr_t start;
    uintptr_t end;
};

enum cn_unwind_start { CN_UNWIND_FROM_CALL, CN_UNWIND_FROM_INTERRUPTED };

/* The words of the stack that decided where the walk went: with them, and its start, the same, it would find the same
 * again. */
struct cn_unwind_words {
    bool is_all;      /* false where more than words decided: a walk through a signal's frame, or one that got lost */
    bool has_used_fp; /* registers.fp decided too */
    size_t count;
    uintptr_t at[3 * CN_FRAME_MAX_DEPTH]; /* addresses */
};

struct cn_walk {
    size_t count;
    uintptr_t frames[CN_FRAME_MAX_DEPTH]; /* frame.h; innermost first */
    struct cn_unwind_words words;
};

/* Finds the frames from `registers` outwards, that one first, at most `depth` (1 to CN_FRAME_MAX_DEPTH). */
void cn_unwind(const struct cn_registers *registers, enum cn_unwind_start start, size_t depth,
               struct cn_readable *readable, struct cn_walk *walk);

#endif
