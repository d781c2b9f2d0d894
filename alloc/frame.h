/*
 * frame.h: one frame of a stack as one word: the address that the call in it returns to; or, with a mark, the
 * instruction that a signal interrupted.
 */
#ifndef CN_FRAME_H
#define CN_FRAME_H

#include "bits.h"

#define CN_FRAME_INTERRUPTED ((uintptr_t)1 << 63)

enum { CN_FRAME_MAX_DEPTH = 64 }; /* frames of a stack */

CN_INLINE uintptr_t cn_frame_pc(uintptr_t frame) { return frame & ~CN_FRAME_INTERRUPTED; }

/* An address within the instruction that the frame is at: of a call, its last byte. */
CN_INLINE uintptr_t cn_frame_instruction(uintptr_t frame) {
    return (frame & CN_FRAME_INTERRUPTED) != 0 ? cn_frame_pc(frame) : frame - 1;
}

#endif
