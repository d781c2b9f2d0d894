#include "trace.h"

#include "os.h"
#include "text.h"

/* A frame is larger than nothing, and no larger than this. */
#define FRAME_MAX_BYTES ((uintptr_t)1 << 20)

struct frame {
    uintptr_t fp; /* of the caller */
    uintptr_t pc;
};

static bool is_in_module(uintptr_t pc) {
    const char *path;
    uintptr_t offset;
    return cn_os_find_module(pc, &path, &offset);
}

/* The frame that called this one; false where the frame pointer does not lead to one. */
static bool step(struct frame *frame) {
    struct frame next;
    if (frame->fp == 0 || frame->fp % sizeof frame->fp != 0 ||
        cn_os_peek((const void *)frame->fp, &next, sizeof next) != sizeof next || !is_in_module(next.pc)) {
        return false;
    }
    bool is_last = next.fp <= frame->fp || next.fp - frame->fp > FRAME_MAX_BYTES;
    *frame = (struct frame){is_last ? 0 : next.fp, next.pc};
    return true;
}

void cn_trace_take(struct cn_trace *trace, struct cn_os_place place) {
    struct frame frame = {place.fp, place.pc};
    trace->thread = cn_os_thread_id();
    trace->count = 0;
    do {
        trace->frames[trace->count++] = frame.pc;
    } while (trace->count < CN_TRACE_FRAMES && step(&frame));
}

static void put_frame(struct cn_text *text, unsigned number, uintptr_t pc) {
    const char *path;
    uintptr_t offset;
    cn_text_put(text, "\n    #");
    cn_text_put_number(text, number);
    cn_text_put(text, " ");
    cn_text_put_hex(text, pc);
    if (cn_os_find_module(pc, &path, &offset)) {
        cn_text_put(text, " (");
        cn_text_put(text, path);
        cn_text_put(text, "+");
        cn_text_put_hex(text, offset);
        cn_text_put(text, ")");
    }
}

void cn_trace_put(struct cn_text *text, const struct cn_trace *trace) {
    for (unsigned i = 0; i < trace->count && i < CN_TRACE_FRAMES; i++) {
        put_frame(text, i, trace->frames[i]);
    }
}
