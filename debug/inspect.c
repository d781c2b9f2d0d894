/*
 * inspect.c: what the public functions that look at all blocks, or end them at once, do in the debug form.
 */
#include "alloc/cairn.h"
#include "alloc/hooks.h"
#include "audit.h"
#include "duty.h"
#include "live.h"
#include "quarantine.h"
#include "stack.h"

void cn_debug_check(void) {
    struct cn_stack_start here = cn_stack_here();
    cn_audit_asked("cairn_check", cn_stack_capture(&here));
}

bool cn_debug_is_live(const struct cairn_heap *heap, const void *core) {
    struct cn_known known = cn_record_around(core);
    if (heap != NULL && (known.kind == CN_BLOCK_NONE || cn_record_named_heap(&known) != heap)) {
        return false;
    }
    return known.kind == CN_BLOCK_NONE || cn_record_state_of(cn_record_load(known.record)) == CN_RECORD_LIVE;
}

size_t cn_debug_requested(const void *core) {
    struct cn_known known = cn_record_around(core);
    return known.kind == CN_BLOCK_NONE ? 0 : cn_record_size(known.record);
}

struct visit {
    bool (*visit)(void *block, size_t bytes, void *argument);
    void *argument;
};

static bool visit_live(const struct cn_known *known, uint64_t word, void *argument) {
    const struct visit *visit = argument;
    size_t bytes = cn_record_size(known->record);
    return cn_record_state_of(word) != CN_RECORD_LIVE ||
           visit->visit(known->core + cn_record_head_of(word), bytes, visit->argument);
}

bool cn_debug_walk(const struct cairn_heap *heap, bool (*visit)(void *block, size_t bytes, void *argument),
                   void *argument) {
    return cn_audit_blocks(heap, visit_live, &(struct visit){visit, argument});
}

static bool forget(const struct cn_known *known, uint64_t word, void *argument) {
    enum cn_record_state state = cn_record_state_of(word);
    if (state == CN_RECORD_LIVE || state == CN_RECORD_QUARANTINED) {
        cn_live_forget(known, word, argument);
    }
    return true;
}

static void resume_named(void *unused, uint64_t mask) {
    (void)unused;
    (void)mask;
    cn_quarantine_resume_named();
}

/* Afterwards no entry of the quarantine speaks of a block of the heap. All of its blocks are looked at before any is
 * forgotten, since whose a damage is depends on the block before it. */
CN_NOINLINE void cn_debug_heap_destroy(struct cairn_heap *heap) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_look look = {"cairn_heap_destroy", cn_stack_capture(&here)};
    cn_quarantine_pause_named();
    size_t duty = cn_duty_begin(resume_named, NULL, 0);
    cn_audit_heap(heap, &look);
    (void)cn_audit_blocks(heap, forget, &look);
    if (cn_duty_end(duty)) {
        cn_quarantine_resume_named();
    }
}
