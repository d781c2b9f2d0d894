#include "operator_copy.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "report.h"
#include "symbol.h"

/* Frames that were found to be in an operator new. A module that comes where another one was may be taken for it. */
enum { KNOWN_COUNT = 256 };
static _Atomic uintptr_t known_frames[KNOWN_COUNT];

static bool is_in_operator_new(uintptr_t frame) {
    static const char name[] = "operator new";
    struct cn_symbol symbol;
    return cn_symbol_find(cn_frame_instruction(frame), &symbol) && strncmp(symbol.name, name, sizeof name - 1) == 0;
}

static bool look_at(uintptr_t frame) {
    int saved = errno;
    bool is_found = false;
    if (cn_report_begin()) {
        is_found = is_in_operator_new(frame);
        cn_report_end();
    }
    errno = saved;
    return is_found;
}

bool cn_operator_copy_took(uint32_t stack) {
    const struct cn_depot_stack *found = cn_depot_find(stack);
    if (found == NULL) {
        return false;
    }
    uintptr_t frame = found->frames[0];
    _Atomic uintptr_t *known = &known_frames[cn_hash_mix(0, frame) % KNOWN_COUNT];
    if (atomic_load_explicit(known, memory_order_relaxed) == frame) {
        return true;
    }
    bool is_found = look_at(frame);
    if (is_found) {
        atomic_store_explicit(known, frame, memory_order_relaxed);
    }
    return is_found;
}
