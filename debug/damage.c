#include "damage.h"

#include "promise.h"

enum { CORE_ALIGNMENT = 16 };

struct range {
    const char *first; /* NULL: no damage */
    const char *end;
};

static unsigned char freed_fill(void) { return (unsigned char)cn_fill_freed; }

static struct range canary_range(const char *from, const char *to) {
    struct range range = {cn_canary_check(from, to), NULL};
    range.end = range.first != NULL ? cn_canary_damage_end(range.first, to) : NULL;
    return range;
}

static struct range fill_range(const char *from, const char *to) {
    struct range range = {cn_fill_check(from, to, freed_fill()), NULL};
    range.end = range.first != NULL ? cn_fill_damage_end(range.first, to, freed_fill()) : NULL;
    return range;
}

static char *user_of(const struct cn_known *known, uint64_t word) { return known->core + cn_record_head_of(word); }

static size_t size_of(const struct cn_known *known) { return cn_record_size(known->record); }

static struct range tail_range(const struct cn_known *known, uint64_t word) {
    return canary_range(user_of(known, word) + size_of(known), known->core + known->core_bytes);
}

/* The part before the canaries is looked at where it is known. */
static struct range head_range(const struct cn_known *known, uint64_t word) {
    const char *head = cn_record_canaries(known, cn_record_head_of(word));
    struct range canaries = canary_range(head, user_of(known, word));
    bool has_more = known->kind == CN_BLOCK_POOL && head > known->core && cn_fill_freed >= 0;
    struct range before = has_more ? fill_range(known->core, head) : (struct range){NULL, NULL};
    if (before.first == NULL) {
        return canaries;
    }
    return (struct range){before.first, before.end == head && canaries.first == head ? canaries.end : before.end};
}

static void report(enum cn_kind kind, const struct cn_known *known, struct range range, const struct cn_look *look) {
    cn_report_damage(kind, known, range.first, range.end, look);
}

static bool is_live(const struct cn_known *known) {
    return cn_record_state_of(cn_record_load(known->record)) == CN_RECORD_LIVE;
}

static bool is_in_region(const struct cn_known *known) {
    return known->kind == CN_BLOCK_POOL || known->kind == CN_BLOCK_SPAN;
}

/* The block that ends where this one starts; false where there is none that was handed out, or where it is of another pool,
 * or a span, and not live. */
static bool find_before(const struct cn_known *known, struct cn_known *before) {
    *before = cn_record_around(known->core - 1);
    return is_in_region(known) && is_in_region(before) && before->core + before->core_bytes == known->core &&
           (cn_damage_is_next(before, known) || is_live(before));
}

static bool find_live_before(const struct cn_known *known, struct cn_known *before) {
    return find_before(known, before) && is_live(before);
}

/* Whether bytes between the ends of two blocks are nearer to the end of the first than to the start of the second. */
static bool is_nearer_to_end(struct range range, const struct cn_known *first, const struct cn_known *second) {
    const char *end = user_of(first, cn_record_load(first->record)) + size_of(first);
    const char *start = user_of(second, cn_record_load(second->record));
    return range.first - end < start - range.end;
}

/* What must not have been written at the start of a block: the head of a live one, all of one that is not. */
static struct range start_range(const struct cn_known *known) {
    uint64_t word = cn_record_load(known->record);
    struct range range = {NULL, NULL};
    switch (cn_record_state_of(word)) {
    case CN_RECORD_LIVE:
        return head_range(known, word);
    case CN_RECORD_FREE:
    case CN_RECORD_QUARANTINED:
        return cn_fill_freed < 0 || cn_record_marks_of(word) != 0
                   ? range
                   : fill_range(known->core, known->core + known->core_bytes);
    case CN_RECORD_NONE:
    case CN_RECORD_BUSY:
        break;
    }
    return range;
}

/* As tail_range, of a live block that may be freed and become inaccessible meanwhile: its bytes are copied. */
static struct range tail_range_elsewhere(const struct cn_known *known, uint64_t word) {
    const char *end = known->core + known->core_bytes;
    size_t got = 1;
    for (const char *at = user_of(known, word) + size_of(known); at < end && got > 0; at += got) {
        char bytes[64];
        got = cn_os_peek(at, bytes, cn_min((size_t)(end - at), sizeof bytes));
        for (size_t i = 0; i < got; i++) {
            if ((unsigned char)bytes[i] != cn_canary_byte(at + i)) {
                return (struct range){at + i, end};
            }
        }
    }
    return (struct range){NULL, NULL};
}

/* Where damage is that may have gone on from there into the block behind. */
static struct range range_before(const struct cn_known *before, uint64_t word, const struct cn_known *known) {
    if (!cn_damage_is_next(before, known)) {
        return tail_range_elsewhere(before, word);
    }
    return cn_record_state_of(word) == CN_RECORD_LIVE ? tail_range(before, word) : start_range(before);
}

/* Damage from the first byte of a block on may have begun before it: in the nearest live one's tail, or in freed ones that
 * are damaged up to their ends. Then `origin` is where it began, `range` goes from there, and the result is true. */
static bool find_origin(const struct cn_known *known, struct range *range, struct cn_known *origin) {
    struct cn_known before;
    *origin = *known;
    while (range->first == origin->core && find_before(origin, &before)) {
        uint64_t word = cn_record_load(before.record);
        bool was_live = cn_record_state_of(word) == CN_RECORD_LIVE;
        struct range damage = range_before(&before, word, origin);
        bool is_part = damage.first != NULL && (was_live || damage.end == origin->core);
        if (!is_part || cn_record_serial_of(word) == 0 || !cn_record_is_unchanged(&before, word)) {
            break;
        }
        range->first = damage.first;
        *origin = before;
    }
    return origin->core != known->core;
}

static void report_origin(const struct cn_known *origin, struct range range, const struct cn_look *look) {
    report(is_live(origin) ? CN_KIND_HEAP_BUFFER_OVERFLOW : CN_KIND_HEAP_USE_AFTER_FREE, origin, range, look);
}

/* Reports damage in the head of a block: as that of a block before it where it began there, or whose end is nearer. */
static void report_head(const struct cn_known *known, struct range range, const struct cn_look *look) {
    struct cn_known before;
    if (find_origin(known, &range, &before)) {
        report_origin(&before, range, look);
    } else if (find_live_before(known, &before) && is_nearer_to_end(range, &before, known)) {
        report(CN_KIND_HEAP_BUFFER_OVERFLOW, &before, range, look);
    } else {
        report(CN_KIND_HEAP_BUFFER_UNDERFLOW, known, range, look);
    }
}

/* Damage up to the end of a block goes on in those behind it, of the same pool, where they are damaged from their start. */
static const char *overflow_end(const struct cn_known *known, const char *end) {
    struct cn_known last = *known;
    while (end == last.core + last.core_bytes) {
        struct cn_known next = cn_record_of_core(end);
        struct range range = cn_damage_is_next(&last, &next) ? start_range(&next) : (struct range){NULL, NULL};
        if (range.first != end) {
            break;
        }
        end = range.end;
        last = next;
    }
    return end;
}

bool cn_damage_find_live(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    struct range head = head_range(known, word);
    struct range tail = tail_range(known, word);
    bool is_broken =
        (cn_record_marks_of(word) & (CN_MARK_SEALED | CN_MARK_FENCED)) != 0 && cn_promise_check(known, word, look);
    if ((head.first == NULL && tail.first == NULL) || !cn_record_is_unchanged(known, word)) {
        return is_broken;
    }
    if (head.first != NULL) {
        report_head(known, head, look);
    }
    if (tail.first != NULL) {
        tail.end = overflow_end(known, tail.end);
        report(CN_KIND_HEAP_BUFFER_OVERFLOW, known, tail, look);
    }
    return true;
}

/* Reports damage in [from, ...), which no block has that was handed out: as an overflow of the nearest one before. */
static void report_beyond(const char *from, struct range range, const struct cn_look *look) {
    struct cn_known before = cn_record_around(from - 1);
    for (const char *at = from; before.kind == CN_BLOCK_NONE && at > from - CN_SLOT_BYTES; at -= CORE_ALIGNMENT) {
        before = cn_record_around(at - 1);
    }
    report(CN_KIND_HEAP_BUFFER_OVERFLOW, &before, range, look);
}

bool cn_damage_find_freed(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    struct range range = fill_range(known->core, known->core + known->core_bytes);
    bool was_handed_out = cn_record_serial_of(word) != 0;
    if (range.first != NULL && !was_handed_out && cn_record_is_unchanged(known, word)) {
        /* Its pool may have been made anew meanwhile: then its record was the same before it got its fill. */
        range = fill_range(known->core, known->core + known->core_bytes);
    }
    if (CN_LIKELY(range.first == NULL) || !cn_record_is_unchanged(known, word)) {
        return false;
    }
    struct cn_known before;
    if (find_origin(known, &range, &before)) {
        report_origin(&before, range, look);
    } else if (range.first < user_of(known, word) && find_live_before(known, &before) &&
               (!was_handed_out || is_nearer_to_end(range, &before, known))) {
        report(CN_KIND_HEAP_BUFFER_OVERFLOW, &before, range, look);
    } else if (was_handed_out) {
        report(CN_KIND_HEAP_USE_AFTER_FREE, known, range, look);
    } else {
        report_beyond(range.first, range, look);
    }
    return true;
}

void cn_damage_report_fresh(const char *from, const char *first, const char *end, const struct cn_look *look) {
    report_beyond(from, (struct range){first, end}, look);
}

bool cn_damage_check_fresh(const char *from, const char *to, const struct cn_look *look) {
    if (cn_fill_freed < 0) {
        return false;
    }
    struct range range = fill_range(from, to);
    if (CN_LIKELY(range.first == NULL)) {
        return false;
    }
    report_beyond(from, range, look);
    return true;
}
