/*
 * trace.h: the calls that led to a place, as the release form notes and prints them: few, and by module and offset.
 */
#ifndef CN_TRACE_H
#define CN_TRACE_H

#include "unwind.h"

struct cn_text;

enum { CN_TRACE_FRAMES = 12 };

struct cn_trace {
    uint32_t count;
    unsigned thread;                   /* as the system numbers it; 0: the trace was not taken */
    uintptr_t frames[CN_TRACE_FRAMES]; /* frame.h; innermost first */
};

void cn_trace_take(struct cn_trace *trace, const struct cn_registers *registers, enum cn_unwind_start start);

/* A line for each frame: its number, address, module, and place in the module's file. */
void cn_trace_put(struct cn_text *text, const struct cn_trace *trace);

#endif
