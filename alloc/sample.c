#include "sample.h"

#include "os.h"
#include "panic.h"
#include "text.h"

/* What the release form keeps with each extent. */
struct notes {
    struct cn_trace allocated;
    struct cn_trace freed;
};
_Static_assert(CAIRN_DEBUG || sizeof(struct notes) <= CN_GUARD_NOTES_BYTES, "the notes have room");

/* ---- the choice ---------------------------------------------------------------------------------------------- */

uint64_t cn_sample_every;

static uint64_t seed_in_force;
static _Atomic uint64_t draws; /* so far; relaxed */

/* How many blocks of this thread are still passed over; 0: not drawn yet. */
static _Thread_local uint64_t passed_over CN_TLS;

static uint64_t draw(void) {
    uint64_t n = atomic_fetch_add_explicit(&draws, 1, memory_order_relaxed) + 1;
    return cn_scramble(seed_in_force + n * CN_SCRAMBLE_STEP);
}

void cn_sample_start(uint64_t every, uint64_t seed) {
    seed_in_force = seed != 0 ? seed : cn_os_random();
    cn_sample_every = every;
}

/* From 1 to twice the mean less 1. */
static uint64_t draw_distance(void) {
    uint64_t range = cn_sample_every <= UINT64_MAX / 2 ? 2 * cn_sample_every - 1 : UINT64_MAX;
    return draw() % range + 1;
}

bool cn_sample_is_due_slow(uint64_t count) {
    if (passed_over == 0) {
        passed_over = draw_distance();
    }
    if (count < passed_over) {
        passed_over -= count;
        return false;
    }
    passed_over = draw_distance();
    return true;
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static bool is_affordable(void) {
    static _Atomic uint64_t last; /* when there was one; relaxed */
    if (cn_sample_every < CN_SAMPLE_GENTLE_FROM) {
        return true;
    }
    uint64_t now = cn_os_milliseconds();
    uint64_t before = atomic_load_explicit(&last, memory_order_relaxed);
    return now >= before + CN_SAMPLE_GENTLE_MILLISECONDS && /* another thread's may be later */
           atomic_compare_exchange_strong_explicit(&last, &before, now, memory_order_relaxed, memory_order_relaxed);
}

void *cn_sample_malloc(size_t size, size_t alignment, const struct cn_registers *place) {
    struct cn_guarded guarded;
    void *block = is_affordable() ? cn_guard_malloc(size, alignment) : NULL;
    if (block != NULL && cn_guard_find(block, &guarded)) {
        cn_trace_take(&((struct notes *)guarded.notes)->allocated, place, CN_UNWIND_FROM_CALL);
    }
    return block;
}

bool cn_sample_free(void *block, const struct cn_registers *place) {
    struct cn_guarded guarded;
    if (!cn_guard_find(block, &guarded) || guarded.state != CN_GUARDED_LIVE || guarded.block != block) {
        return false;
    }
    cn_trace_take(&((struct notes *)guarded.notes)->freed, place, CN_UNWIND_FROM_CALL);
    return cn_guard_free(block);
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

static void put_trace(struct cn_text *text, const char *what, const struct cn_trace *trace) {
    if (trace->thread != 0) {
        cn_text_put(text, "\n  ");
        cn_text_put(text, what);
        cn_text_put(text, " by thread ");
        cn_text_put_number(text, trace->thread);
        cn_text_put(text, ":");
        cn_trace_put(text, trace);
    }
}

void cn_sample_put(struct cn_text *text, const void *address) {
    struct cn_guarded guarded;
    if (cn_guard_find(address, &guarded)) {
        const struct notes *notes = guarded.notes;
        put_trace(text, "allocated", &notes->allocated);
        put_trace(text, "freed", &notes->freed);
    }
}

static const char *kind_of(const struct cn_guarded *guarded, const char *address) {
    if (guarded->state != CN_GUARDED_LIVE) {
        return "heap-use-after-free";
    }
    return address < guarded->block ? "heap-buffer-underflow" : "heap-buffer-overflow";
}

/* ` past the end of a block of 24 bytes at 0x..., at offset 32`, as the debug form says it */
static void put_place(struct cn_text *text, const struct cn_guarded *guarded, const char *address) {
    bool is_before = address < guarded->block;
    bool is_live = guarded->state == CN_GUARDED_LIVE;
    cn_text_put(text, !is_live    ? " in a freed block of "
                      : is_before ? " before the start of a block of "
                                  : " past the end of a block of ");
    cn_text_put_number(text, guarded->size);
    cn_text_put(text, guarded->size == 1 ? " byte at " : " bytes at ");
    cn_text_put_hex(text, (uintptr_t)guarded->block);
    cn_text_put(text, is_before ? ", at offset -" : ", at offset ");
    cn_text_put_number(text, (size_t)(is_before ? guarded->block - address : address - guarded->block));
}

static const char *verb_of(enum cn_access access) {
    return access == CN_ACCESS_READ ? "read" : access == CN_ACCESS_WRITE ? "write" : "access";
}

bool cn_sample_report_fault(const struct cn_os_fault *fault) {
    struct cn_guarded guarded;
    struct cn_trace trace;
    struct cn_text text;
    if (!cn_guard_find(fault->address, &guarded)) {
        return false;
    }
    struct cn_registers place = cn_machine_interrupted(fault->context);
    cn_trace_take(&trace, &place, CN_UNWIND_FROM_INTERRUPTED);
    cn_panic_start(&text, kind_of(&guarded, fault->address));
    cn_text_put(&text, verb_of(fault->access));
    put_place(&text, &guarded, fault->address);
    put_trace(&text, "accessed", &trace);
    cn_sample_put(&text, fault->address);
    cn_panic_stop(&text);
}
