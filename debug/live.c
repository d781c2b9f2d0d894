#include "live.h"

#include "alloc/guard.h"
#include "alloc/heap.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_watch.h"
#include "alloc/route.h"
#include "alloc/span.h"
#include "canary.h"
#include "fresh.h"
#include "hiding.h"
#include "promise.h"

enum {
    /* What is larger is filled up to here only, on allocation. */
    FILL_MAX_BYTES = 64 << 10,
    /* Freed blocks of their own pages are made inaccessible, up to so many at a time, of the 65,530 mappings that a
     * process has by default. */
    PROTECTED_MAX = 8192,
    /* Of what such blocks keep the memory is gone, but the addresses are not: so much of them counts as held, unless
     * addresses are what is short. */
    PROTECTED_SHARE = 64,
    /* What is larger is not filled where it cannot be protected at once, but waits until it can: most of it may not be in
     * memory. */
    SPOIL_FILL_MAX_BYTES = 1 << 20,
};

static _Atomic size_t protected_count;
static _Atomic size_t protected_share = PROTECTED_SHARE;

/* ---- for the first time -------------------------------------------------------------------------------------- */

/* The debug form never asks for a block of less than two granules: one of those is the core's own test. */
void cn_debug_fresh(const struct cn_fresh *fresh) {
    struct cn_record *records = fresh->notes;
    if (fresh->block_bytes < CN_HIDING_BLOCK_MIN_BYTES) {
        return;
    }
    if (fresh->first == 0) {
        cn_hiding_start(cn_slot_of_granule(cn_granule_of(fresh->pool)));
    }
    cn_fresh_hand_out(fresh);
    for (size_t i = fresh->first; i < fresh->first + fresh->count; i++) {
        atomic_store_explicit(&records[i].word, CN_RECORD_FREE, memory_order_relaxed);
    }
}

/* ---- to the program ------------------------------------------------------------------------------------------ */

static bool is_in_own_pages(const struct cn_known *known) { return known->kind != CN_BLOCK_POOL; }

static void write_canaries(const struct cn_known *known, const struct cn_birth *birth) {
    char *user = known->core + birth->head_bytes;
    cn_canary_write_around(cn_record_canaries(known, birth->head_bytes), user, user + birth->size_bytes,
                           known->core + known->core_bytes);
}

/* The program's bytes, but for the first `kept_bytes`. */
static void write_user(const struct cn_known *known, const struct cn_birth *birth, size_t kept_bytes) {
    char *user = known->core + birth->head_bytes + kept_bytes;
    size_t bytes = birth->size_bytes - kept_bytes;
    if (birth->asked == CN_ASKED_CALLOC) {
        if (!is_in_own_pages(known)) {
            cn_fill_write(user, user + bytes, 0); /* else the core has seen to it */
        }
    } else if (cn_fill_allocated >= 0) {
        cn_fill_write(user, user + cn_min(bytes, FILL_MAX_BYTES), (unsigned char)cn_fill_allocated);
    }
}

static void announce(const struct cn_known *known, size_t head_bytes, enum cn_asked asked) {
    cn_watch_block_starts(known->core + head_bytes, cn_record_size(known->record),
                          asked == CN_ASKED_CALLOC ? CN_WATCH_SET : CN_WATCH_UNSET);
}

static void announce_end(const struct cn_known *known, uint64_t word) {
    cn_watch_block_ends(known->core + cn_record_head_of(word), cn_record_size(known->record));
}

char *cn_live_make(const struct cn_known *known, const struct cn_birth *birth) {
    struct cn_record *record = known->record;
    uint64_t before = cn_record_load(record);
    if (!is_in_own_pages(known)) {
        struct cn_look look = {"malloc", birth->stack};
        (void)cn_damage_check_freed(known, before, &look);
    }
    uint64_t word = cn_record_word(birth->serial, birth->head_bytes, 0, birth->asked, CN_RECORD_BUSY);
    atomic_store_explicit(&record->word, word, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* whoever sees the bytes changed sees the word changed */
    cn_record_set_born(record, birth->size_bytes, cn_self_number(), birth->stack);
    write_canaries(known, birth);
    write_user(known, birth, 0);
    announce(known, birth->head_bytes, birth->asked);
    atomic_store_explicit(&record->word, cn_record_with_state(word, CN_RECORD_LIVE), memory_order_release);
    return known->core + birth->head_bytes;
}

bool cn_live_pause(const struct cn_known *known, uint64_t word) {
    bool is_paused = cn_record_state_of(word) == CN_RECORD_LIVE &&
                     cn_record_change(known->record, &word, cn_record_with_state(word, CN_RECORD_BUSY));
    atomic_thread_fence(memory_order_release);
    return is_paused;
}

void cn_live_resume(const struct cn_known *known, size_t kept_bytes) {
    uint64_t word = cn_record_load(known->record);
    struct cn_birth rest = {.head_bytes = cn_record_head_of(word), .asked = CN_ASKED_MALLOC};
    rest.size_bytes = cn_record_size(known->record);
    write_canaries(known, &rest);
    write_user(known, &rest, kept_bytes);
    atomic_store_explicit(&known->record->word, cn_record_with_state(word, CN_RECORD_LIVE), memory_order_release);
}

void cn_live_grow(const struct cn_known *known, const struct cn_birth *birth) {
    uint64_t word = cn_record_load(known->record);
    size_t kept_bytes = cn_record_size(known->record);
    struct cn_birth grown = *birth;
    grown.head_bytes = cn_record_head_of(word);
    cn_record_set_born(known->record, birth->size_bytes, cn_self_number(), birth->stack);
    write_canaries(known, &grown);
    write_user(known, &grown, kept_bytes);
    word = cn_record_word(birth->serial, grown.head_bytes, 0, birth->asked, CN_RECORD_LIVE);
    atomic_store_explicit(&known->record->word, word, memory_order_release);
}

/* ---- from the program ---------------------------------------------------------------------------------------- */

/* Makes the pages of the block inaccessible and gives their memory back. Their addresses stay held: nobody else maps
 * something there. */
static bool protect_now(const struct cn_known *known) {
    if (!cn_options.protect_freed || atomic_fetch_add(&protected_count, 1) >= PROTECTED_MAX) {
        (void)atomic_fetch_sub(&protected_count, cn_options.protect_freed ? 1 : 0);
        return false;
    }
    if (!cn_os_withhold(known->core, known->core_bytes)) {
        (void)atomic_fetch_sub(&protected_count, 1);
        return false;
    }
    return true;
}

/* False where the pages stay inaccessible. */
static bool unprotect(const struct cn_known *known, uint64_t word) {
    if ((cn_record_marks_of(word) & CN_MARK_PROTECTED) == 0) {
        return true;
    }
    bool is_unmapped_next = known->kind == CN_BLOCK_DIRECT; /* and what is accessible may count against a limit */
    if (!is_unmapped_next && !cn_os_protect(known->core, known->core_bytes, CN_RIGHT_WRITE)) {
        return false;
    }
    (void)atomic_fetch_sub(&protected_count, 1);
    cn_watch_hide(known->core, known->core_bytes);
    return true;
}

static bool protect(const struct cn_known *known) {
    bool is_let = true;
    if (known->core_bytes > SPOIL_FILL_MAX_BYTES) {
        cn_hiding_begin();
    } else {
        is_let = cn_hiding_try();
    }
    bool is_done = is_let && protect_now(known);
    cn_hiding_end(); /* counted in either case */
    return is_done;
}

/* Makes the bytes of a block that is the caller's useless. Returns the mark that says how: of a guarded one, how it will
 * have been done (give_extent). */
static unsigned spoil(const struct cn_known *known) {
    if (known->kind == CN_BLOCK_GUARDED) {
        return CN_MARK_PROTECTED;
    }
    if (is_in_own_pages(known) && protect(known)) {
        return CN_MARK_PROTECTED;
    }
    if (cn_fill_freed >= 0) {
        cn_fill_write(known->core, known->core + known->core_bytes, (unsigned char)cn_fill_freed);
    }
    return 0;
}

/* Its record can be another block's from then on. */
static void give_extent(const struct cn_known *known, uint64_t word) {
    cn_hiding_begin();
    (void)cn_guard_free(known->core + cn_record_head_of(word));
    cn_hiding_end();
}

/* A guarded block outlives its named heap. */
static void leave_heap(const struct cn_known *known) {
    if (known->kind == CN_BLOCK_GUARDED && known->heap != NULL) {
        cn_record_set_guarded_heap(known, NULL);
        cn_heap_give_guarded(known->heap, cn_record_size(known->record));
    }
}

bool cn_live_end(const struct cn_known *known, uint64_t word, enum cn_ending ending, const struct cn_look *look) {
    struct cn_record *record = known->record;
    uint64_t busy = cn_record_with_state(word, CN_RECORD_BUSY);
    if (!cn_record_change(record, &word, busy)) {
        return false;
    }
    atomic_thread_fence(memory_order_release);
    cn_record_set_freed(record, cn_self_number(), look->stack);
    if ((cn_record_marks_of(word) & (CN_MARK_SEALED | CN_MARK_FENCED)) != 0) {
        cn_promise_forget(known, word);
    }
    announce_end(known, word);
    leave_heap(known);
    unsigned marks = ending == CN_ENDING_PARKED ? CN_MARK_PARKED : spoil(known);
    uint64_t waiting = cn_record_with_state(cn_record_with_marks(word, marks), CN_RECORD_QUARANTINED);
    atomic_store_explicit(&record->word, waiting, memory_order_release);
    if (known->kind == CN_BLOCK_GUARDED && ending != CN_ENDING_PARKED) {
        give_extent(known, word);
    } else {
        cn_hiding_add(known, look);
    }
    return true;
}

void cn_live_start(void) {
    size_t share = cn_os_address_space_bytes() == SIZE_MAX ? PROTECTED_SHARE : 1;
    atomic_store_explicit(&protected_share, share, memory_order_relaxed);
}

size_t cn_live_waiting_bytes(const struct cn_known *known) {
    uint64_t word = cn_record_load(known->record);
    bool is_protected = (cn_record_marks_of(word) & CN_MARK_PROTECTED) != 0;
    size_t share = is_protected ? atomic_load_explicit(&protected_share, memory_order_relaxed) : 1;
    return known->core_bytes / share + sizeof(struct cn_record);
}

/* ---- to the core --------------------------------------------------------------------------------------------- */

static bool is_damaged(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    return (cn_record_marks_of(word) & CN_MARK_PROTECTED) == 0 && cn_damage_check_freed(known, word, look);
}

void cn_live_leave(const struct cn_known *known, uint64_t word) {
    if ((cn_record_marks_of(word) & CN_MARK_PARKED) != 0) {
        return;
    }
    if (!cn_hiding_remove(known)) {
        cn_record_park(known->record, word);
        return;
    }
    struct cn_look look = {"quarantine", 0};
    uint64_t gone = cn_record_with_state(cn_record_with_marks(word, 0), CN_RECORD_FREE);
    if (is_damaged(known, word, &look) || !unprotect(known, word)) {
        cn_record_park(known->record, word);
        cn_hiding_add(known, &look);
        return;
    }
    if (!cn_record_change(known->record, &word, gone)) {
        cn_hiding_add(known, &look);
        return;
    }
    if (known->kind == CN_BLOCK_DIRECT) {
        cn_record_forget_direct(known->core);
        cn_watch_show(known->core, known->core_bytes);
        cn_hiding_begin();
        cn_route_free("quarantine", known->core);
        cn_hiding_end();
    } else if (CN_LIKELY(known->kind == CN_BLOCK_POOL && known->heap == cn_heap_mine)) {
        cn_heap_give(cn_heap_mine, cn_granule_of(known->core));
    } else {
        cn_route_free("quarantine", known->core);
    }
}

void cn_live_forget(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    bool is_live = cn_record_state_of(word) == CN_RECORD_LIVE;
    bool holds_fill = !is_live && (cn_record_marks_of(word) & CN_MARK_PARKED) == 0;
    if (known->kind == CN_BLOCK_GUARDED) {
        enum cn_ending ending = cn_damage_check_live(known, word, look) ? CN_ENDING_PARKED : CN_ENDING_WAITS;
        (void)cn_live_end(known, word, ending, look);
        return;
    }
    if (is_live) {
        cn_promise_forget(known, word);
        cn_record_set_freed(known->record, cn_self_number(), look->stack);
        announce_end(known, word);
    }
    if (!unprotect(known, word) && known->kind == CN_BLOCK_SPAN) {
        cn_span_lose(cn_slot_of_granule(cn_granule_of(known->core)));
    }
    uint64_t gone = cn_record_with_state(cn_record_with_marks(word, 0), CN_RECORD_FREE);
    if (!holds_fill && known->kind == CN_BLOCK_POOL && cn_fill_freed >= 0) { /* another thread's sweep may look at it */
        atomic_store_explicit(&known->record->word, cn_record_with_state(gone, CN_RECORD_BUSY), memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        cn_fill_write(known->core, known->core + known->core_bytes, (unsigned char)cn_fill_freed);
    }
    atomic_store_explicit(&known->record->word, gone, memory_order_release);
}
