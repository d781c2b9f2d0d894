/*
 * trace.h: the calls that led to a place, without help of the debug form: by frame pointers, each frame read through the
 * system, which does not fault. Code that keeps none gives the innermost frame, and no more.
 */
#ifndef CN_TRACE_H
#define CN_TRACE_H

#include "os_fault.h"

struct cn_text;

enum { CN_TRACE_FRAMES = 12 };

struct cn_trace {
    uint32_t count;
    unsigned thread; /* as the system numbers it; 0: the trace was not taken */
    uintptr_t frames[CN_TRACE_FRAMES];
};

/* Where the calling function returns to; that must not be inlined. */
CN_INLINE struct cn_os_place cn_trace_here(void) {
    return (struct cn_os_place){(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)),
                                *(const uintptr_t *)__builtin_frame_address(0)};
}

void cn_trace_take(struct cn_trace *trace, struct cn_os_place place);

/* A line for each frame: its number, address, module, and place in the module's file. */
void cn_trace_put(struct cn_text *text, const struct cn_trace *trace);

#endif
