/*
 * cfi.h: the call frame information of x86-64 modules (.eh_frame), as far as return addresses and the frame pointer go.
 *
 * For an address in code it gives a rule: how to find, from the stack and frame pointers there, those of the caller.
 * Nothing is kept. The tables are the compiler's and are believed as to what they say; reading stays within them.
 */
#ifndef CN_CFI_H
#define CN_CFI_H

#include "bits.h"

/* How the frame's end is found, which is the caller's stack pointer. The return address lies in the word before. */
enum cn_cfi_kind {
    CN_CFI_UNKNOWN, /* no information, or more than is understood here */
    CN_CFI_SP,      /* sp + frame_offset */
    CN_CFI_FP,      /* fp + frame_offset */
    CN_CFI_AT_FP,   /* the word at fp + frame_offset: functions that realign their stack */
    CN_CFI_SIGNAL,  /* at sp lies the ucontext_t of what a signal interrupted */
    CN_CFI_OUTERMOST,
};

/* Where the caller's frame pointer is. */
enum cn_cfi_fp {
    CN_CFI_FP_SAME,     /* in the register still */
    CN_CFI_FP_IN_FRAME, /* in the word fp_offset from the frame's end */
    CN_CFI_FP_AT_FP,    /* in the word that the frame pointer points to */
};

struct cn_cfi_rule {
    enum cn_cfi_kind kind;
    int32_t frame_offset;
    enum cn_cfi_fp fp;
    int32_t fp_offset;
};

/* The rule at `address`, which lies in the module whose .eh_frame_hdr is given. */
struct cn_cfi_rule cn_cfi_find(const void *eh_frame_hdr, uintptr_t address);

#endif
