/*
 * entry.c: the debug form's entry points: what the program calls, checked, on top of the core's slow paths.
 */
#include <errno.h>
#include <string.h>

#include "alloc/fast.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_watch.h"
#include "alloc/panic.h"
#include "alloc/route.h"
#include "alloc/sample.h"
#include "alloc/span.h"
#include "audit.h"
#include "check.h"
#include "damage.h"
#include "depot.h"
#include "fail.h"
#include "hiding.h"
#include "live.h"
#include "promise.h"
#include "quarantine.h"
#include "report.h"
#include "stack.h"

enum {
    MOVE_MIN_BYTES = 1 << 20, /* from here on realloc moves pages instead of bytes */
    /* Behind a block on slots of its own there may be none that anybody looks at: its own tail must be long. */
    LARGE_TAIL_BYTES = 1024
};

/* All threads' together: each may make few. */
static CN_NOINLINE void count_operation(uint32_t stack) {
    static _Atomic uint64_t operations; /* relaxed */
    if ((atomic_fetch_add_explicit(&operations, 1, memory_order_relaxed) + 1) % cn_options.check_every == 0) {
        (void)cn_audit("check_every", stack);
    }
}

/* `stack` is that of the call. */
static void tick(struct cn_self *self, uint32_t stack) {
    if (CN_UNLIKELY(cn_audit_is_due())) { /* a signal came where none could be made */
        cn_audit_due();
    }
    if (CN_UNLIKELY(cn_options.check_every != 0) && self != NULL) {
        count_operation(stack);
    }
}

/* ---- malloc -------------------------------------------------------------------------------------------------- */

/* What is asked of the core: a block for what the program wants, and for what stands around it. */
struct want {
    struct cairn_heap *heap; /* named, or NULL */
    size_t bytes;
    size_t alignment;
    enum cn_fill fill;
};

/* The record of a block that the core has just given. Those outside the region get one now; without, the block goes
 * back. */
static bool find_or_add(void *core, struct cn_known *known) {
    cn_record_find_core(core, known);
    if (CN_LIKELY(known->kind != CN_BLOCK_NONE)) {
        return true;
    }
    if (!cn_record_add_direct(core, cn_block_find(core).bytes)) {
        cn_route_free("malloc", core);
        return false;
    }
    cn_record_find_core(core, known);
    return true;
}

/* From the thread's magazine, as fast.h does; NULL where that is empty, or may not be looked into yet. */
CN_INLINE void *take_cached(const struct want *want) {
    if (want->bytes >= cn_class_table.small_end || want->alignment > CN_GRANULE_BYTES) {
        return NULL;
    }
    return cn_fast_take(&cn_heap_mine->magazines[cn_class_of_small(want->bytes)]);
}

static void *take(const struct want *want) {
    if (want->heap != NULL) {
        return cn_route_take_named(want->heap, want->bytes, want->alignment, want->fill);
    }
    void *cached = take_cached(want);
    return CN_LIKELY(cached != NULL) ? cached : cn_route_malloc(want->bytes, want->alignment, want->fill);
}

static bool ask_core(const struct want *want, struct cn_known *known) {
    void *core = take(want);
    return core != NULL && find_or_add(core, known);
}

/* Blocks in quarantine must not make a request fail; and what a heap's callback frees makes room at once. */
static CN_NOINLINE bool ask_core_again(struct cn_self *self, const struct want *want, size_t size_bytes,
                                       struct cn_known *known) {
    if (cn_quarantine_flush(self) && ask_core(want, known)) {
        return true;
    }
    if (want->heap == NULL || want->heap->on_budget == NULL) {
        return false;
    }
    want->heap->on_budget(want->heap, size_bytes, want->heap->on_budget_argument);
    (void)cn_quarantine_flush(self);
    return ask_core(want, known);
}

static void *make_in_core(struct cn_self *self, struct cairn_heap *heap, size_t alignment, struct cn_birth *birth) {
    struct cn_known known;
    int saved = errno;
    birth->head_bytes = cn_max(CN_RECORD_USUAL_HEAD_BYTES, alignment);
    if (birth->size_bytes > CN_RECORD_SIZE_MAX || birth->head_bytes > CN_RECORD_SIZE_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    struct want want = {.heap = heap, .bytes = birth->head_bytes + birth->size_bytes + 1, .alignment = alignment};
    want.bytes += want.bytes > CN_BLOCK_MAX_BYTES ? LARGE_TAIL_BYTES : 0;
    bool is_to_be_clear = birth->asked == CN_ASKED_CALLOC && want.bytes > CN_BLOCK_MAX_BYTES;
    want.fill = is_to_be_clear ? CN_FILL_ZERO : CN_FILL_NONE;
    if (CN_UNLIKELY(!ask_core(&want, &known)) && !ask_core_again(self, &want, birth->size_bytes, &known)) {
        errno = ENOMEM;
        return NULL;
    }
    errno = saved;
    return cn_live_make(&known, birth);
}

/* Once: the user would take it that all are. */
static CN_NOINLINE void tell_of_unguarded(void) {
    static _Atomic bool was_told;
    static const char why[] = "blocks that guard= asks for find no more guarded pages (README: Guarded blocks)";
    if (cn_options.guard.choice != CN_GUARD_SAMPLE && !atomic_exchange(&was_told, true)) {
        cn_warn(why, "these are not guarded", sizeof "these are not guarded" - 1);
    }
}

/* The same on guarded pages, or NULL. */
static void *make_guarded(struct cairn_heap *heap, size_t alignment, struct cn_birth *birth) {
    if (heap != NULL && !cn_heap_take_guarded(heap, birth->size_bytes)) {
        return NULL;
    }
    char *user = cn_guard_malloc(birth->size_bytes, cn_max(CN_RECORD_USUAL_HEAD_BYTES, alignment));
    if (user == NULL) {
        if (alignment <= cn_os_page_bytes()) {
            tell_of_unguarded();
        }
        if (heap != NULL) {
            cn_heap_give_guarded(heap, birth->size_bytes);
        }
        return NULL;
    }
    struct cn_known known = cn_record_of_guarded(user);
    cn_record_set_guarded_heap(&known, heap);
    known.heap = heap;
    birth->head_bytes = (size_t)(user - known.core);
    return cn_live_make(&known, birth);
}

static bool is_to_be_guarded(const struct cn_birth *birth) {
    switch (cn_options.guard.choice) {
    case CN_GUARD_NONE:
        return false;
    case CN_GUARD_ALL:
        return true;
    case CN_GUARD_SAMPLE:
        return cn_sample_is_due(1);
    case CN_GUARD_SERIAL:
        return birth->serial == cn_options.guard.number;
    case CN_GUARD_SITE:
        return cn_depot_site_hash(birth->stack) == cn_options.guard.number;
    }
    return false;
}

static void *make(struct cn_self *self, struct cairn_heap *heap, size_t alignment, struct cn_birth *birth) {
    birth->serial = cn_record_next_serial();
    if (CN_UNLIKELY(cn_fail_is_on) && cn_fail_is_due(birth)) {
        errno = ENOMEM;
        return NULL;
    }
    void *guarded = is_to_be_guarded(birth) ? make_guarded(heap, alignment, birth) : NULL;
    return guarded != NULL ? guarded : make_in_core(self, heap, alignment, birth);
}

CN_NOINLINE void *cn_debug_malloc(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_asked asked) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_self *self = cn_self();
    struct cn_birth birth = {.size_bytes = size, .asked = asked, .stack = cn_stack_capture(&here)};
    tick(self, birth.stack);
    return make(self, heap, alignment, &birth);
}

/* ---- free ---------------------------------------------------------------------------------------------------- */

CN_NOINLINE size_t cn_debug_usable_size(struct cairn_heap *heap, const char *operation, const void *block) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_known known;
    cn_record_find_user(block, &known);
    uint64_t word;
    if (block == NULL) {
        return 0;
    }
    struct cn_look look = {operation, CN_DEPOT_NONE};
    if (CN_LIKELY(cn_check_is_live(heap, block, &known, &word))) {
        return cn_record_size(known.record);
    }
    look.stack = cn_stack_capture(&here); /* it is for a report alone here */
    return cn_check_live(heap, block, CN_KIND_BAD_FREE, &look, &known, &word) ? cn_record_size(known.record) : 0;
}

/* A damaged block is kept as it is for good. */
static enum cn_ending ending_of(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    if (cn_damage_check_live(known, word, look)) {
        return CN_ENDING_PARKED;
    }
    (void)cn_damage_check_behind(known, look);
    return CN_ENDING_WAITS;
}

CN_INLINE void end(struct cn_self *self, const struct cn_known *known, uint64_t word, enum cn_ending ending,
                   const struct cn_look *look) {
    if (!cn_live_end(known, word, ending, look)) {
        struct cn_incident incident =
            cn_incident_of(CN_KIND_DOUBLE_FREE, look, known->core + cn_record_head_of(word), known);
        cn_report(&incident);
    } else if (ending == CN_ENDING_WAITS && known->kind != CN_BLOCK_GUARDED) {
        cn_quarantine_add(self, known, cn_record_serial_of(word));
    }
}

/* Has what a look at the block needs brought into the cache. */
CN_INLINE void prefetch(const struct cn_known *known) {
    if (known->kind == CN_BLOCK_POOL) {
        __builtin_prefetch(known->record, 1);
        __builtin_prefetch(known->core, 1);
        __builtin_prefetch(known->core + known->core_bytes - 1, 1);
    }
}

CN_NOINLINE void cn_debug_free(struct cairn_heap *heap, void *block, const struct cn_release *release) {
    struct cn_stack_start here = cn_stack_here();
    uint64_t word;
    if (block == NULL) {
        return;
    }
    struct cn_self *self = cn_self();
    struct cn_known known;
    cn_record_find_user(block, &known);
    prefetch(&known);
    struct cn_look look = {release->operation, cn_stack_capture(&here)};
    int saved = errno;
    tick(self, look.stack);
    if (cn_check_live(heap, block, CN_KIND_DOUBLE_FREE, &look, &known, &word)) {
        if (cn_check_family(&known, word, block, release->family, &look)) {
            cn_check_size(&known, word, block, release, &look);
        }
        end(self, &known, word, ending_of(&known, word, &look), &look);
    }
    errno = saved;
}

/* ---- promises ------------------------------------------------------------------------------------------------ */

CN_NOINLINE bool cn_debug_seal(void *block) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_look look = {"cairn_seal", cn_stack_capture(&here)};
    struct cn_known known;
    cn_record_find_user(block, &known);
    uint64_t word;
    return cn_check_live(NULL, block, CN_KIND_BAD_FREE, &look, &known, &word) && cn_promise_seal(&known, word);
}

CN_NOINLINE bool cn_debug_unseal(void *block) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_look look = {"cairn_unseal", cn_stack_capture(&here)};
    struct cn_known known;
    cn_record_find_user(block, &known);
    uint64_t word;
    if (!cn_check_live(NULL, block, CN_KIND_BAD_FREE, &look, &known, &word) ||
        (cn_record_marks_of(word) & CN_MARK_SEALED) == 0) {
        return false;
    }
    bool is_whole = !cn_promise_check(&known, word, &look);
    cn_promise_unseal(&known, word);
    return is_whole;
}

CN_NOINLINE bool cn_debug_fence(void *block, size_t offset, size_t length) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_look look = {"cairn_fence", cn_stack_capture(&here)};
    struct cn_known known;
    cn_record_find_user(block, &known);
    uint64_t word;
    return cn_check_live(NULL, block, CN_KIND_BAD_FREE, &look, &known, &word) &&
           cn_promise_fence(&known, word, offset, length);
}

/* ---- realloc ------------------------------------------------------------------------------------------------- */

static size_t slot_of(const struct cn_known *known) { return cn_slot_of_granule(cn_granule_of(known->core)); }

/* Between two spans of the same form, which are paused; `bytes` of the program's are kept. False where the second one is
 * lost: for a moment its addresses may be nobody's. */
static bool move_pages(const struct cn_known *from, const struct cn_known *to, size_t bytes) {
    cn_hiding_begin();
    bool is_moved = cn_span_move(slot_of(from), slot_of(to));
    cn_hiding_end();
    cn_live_resume(from, cn_record_size(from->record));
    if (is_moved) {
        cn_live_resume(to, bytes);
    }
    return is_moved;
}

/* Moves the contents, by pages where that is less work, and no promise is about them. False where the new block is
 * lost. */
static bool move_contents(const struct cn_known *from, uint64_t word, char *to, size_t bytes) {
    size_t head_bytes = cn_record_head_of(word);
    struct cn_known target = cn_record_around(to);
    bool has_pages = bytes >= MOVE_MIN_BYTES && from->kind == CN_BLOCK_SPAN && target.kind == CN_BLOCK_SPAN &&
                     target.core + head_bytes == to && cn_record_marks_of(word) == 0;
    if (has_pages && !cn_watch_is_on() && cn_live_pause(from, word)) {
        (void)cn_live_pause(&target, cn_record_load(target.record));
        return move_pages(from, &target, bytes);
    }
    memcpy(to, from->core + head_bytes, bytes);
    return true;
}

/* A block that fills slots of its own and grows little by little stays where it is, if there is room: to move it each time takes
 * time in proportion to the square of its size. False where it must move. */
static bool grow(struct cn_known *known, uint64_t word, struct cn_birth *birth) {
    enum { LITTLE_SHARE = 8 };
    size_t old_size = cn_record_size(known->record);
    size_t bytes = cn_record_head_of(word) + birth->size_bytes + LARGE_TAIL_BYTES;
    bool is_little = birth->size_bytes >= old_size && birth->size_bytes - old_size <= old_size / LITTLE_SHARE;
    bool is_chosen =
        cn_options.guard.choice != CN_GUARD_NONE || cn_fail_is_on; /* a new one may have to be made otherwise */
    if (known->kind != CN_BLOCK_SPAN || known->heap != NULL || !is_little || cn_record_marks_of(word) != 0 ||
        is_chosen || cn_watch_is_on() || !cn_live_pause(known, word)) {
        return false;
    }
    bool has_room = bytes <= known->core_bytes || cn_span_resize(slot_of(known), bytes);
    if (has_room) {
        cn_record_find_core(known->core, known); /* how long it is now */
        birth->serial = cn_record_next_serial();
        cn_live_grow(known, birth);
    } else {
        cn_live_resume(known, old_size);
    }
    return has_room;
}

/* The new block of one whose pages can be moved has a head as long as its own. */
static size_t alignment_for(const struct cn_known *known, uint64_t word, size_t size) {
    size_t kept_bytes = cn_min(cn_record_size(known->record), size);
    bool has_pages = known->kind == CN_BLOCK_SPAN && kept_bytes >= MOVE_MIN_BYTES;
    return has_pages ? cn_record_head_of(word) : CN_GRANULE_BYTES;
}

CN_NOINLINE void *cn_debug_realloc(struct cairn_heap *heap, const char *operation, void *block, size_t size) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_known known;
    cn_record_find_user(block, &known);
    uint64_t word;
    struct cn_self *self = cn_self();
    struct cn_look look = {operation, cn_stack_capture(&here)};
    struct cn_birth birth = {.size_bytes = size, .asked = CN_ASKED_MALLOC, .stack = look.stack};
    tick(self, look.stack);
    if (block == NULL) {
        return make(self, heap, CN_GRANULE_BYTES, &birth);
    }
    if (!cn_check_live(heap, block, CN_KIND_REALLOC_OF_FREED, &look, &known, &word)) {
        errno = ENOMEM;
        return NULL;
    }
    (void)cn_check_family(&known, word, block, CN_ASKED_MALLOC, &look);
    enum cn_ending ending = ending_of(&known, word, &look);
    if (ending == CN_ENDING_WAITS && size != 0 && grow(&known, word, &birth)) {
        return block;
    }
    char *moved = NULL;
    if (size != 0) {
        size_t old_size = cn_record_size(known.record);
        moved = make(self, cn_record_named_heap(&known), alignment_for(&known, word, size), &birth);
        if (moved == NULL || !move_contents(&known, word, moved, cn_min(old_size, size))) {
            errno = ENOMEM;
            return NULL;
        }
    }
    int saved = errno;
    end(self, &known, word, ending, &look);
    errno = saved;
    return moved;
}
