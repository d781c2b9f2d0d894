#include "trace.h"

#include <string.h>

#include "module.h"
#include "os.h"
#include "text.h"

enum { PATH_BYTES = 1024 };

void cn_trace_take(struct cn_trace *trace, const struct cn_registers *registers, enum cn_unwind_start start) {
    struct cn_readable readable = {0};
    struct cn_walk walk;
    cn_unwind(registers, start, CN_TRACE_FRAMES, &readable, &walk);
    trace->thread = cn_os_thread_id();
    trace->count = (uint32_t)walk.count;
    memcpy(trace->frames, walk.frames, walk.count * sizeof walk.frames[0]);
}

static void put_module(struct cn_text *text, uintptr_t address) {
    struct cn_module module;
    char program[PATH_BYTES];
    if (!cn_module_find(address, &module)) {
        return;
    }
    if (module.path[0] == '\0' && cn_os_program_path(program, sizeof program)) {
        module.path = program;
    }
    cn_text_put(text, " (");
    cn_text_put(text, module.path);
    cn_text_put(text, "+");
    cn_text_put_hex(text, address - module.base);
    cn_text_put(text, ")");
}

void cn_trace_put(struct cn_text *text, const struct cn_trace *trace) {
    for (unsigned i = 0; i < trace->count && i < CN_TRACE_FRAMES; i++) {
        cn_text_put(text, "\n    #");
        cn_text_put_number(text, i);
        cn_text_put(text, " ");
        cn_text_put_hex(text, cn_frame_pc(trace->frames[i]));
        put_module(text, cn_frame_pc(trace->frames[i]));
    }
}
