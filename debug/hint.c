#include "hint.h"

#include <string.h>

#include "alloc/os.h"
#include "canary.h"
#include "sentence.h"

enum {
    SEEN_BYTES = 64, /* of the damage, at its start */
    PIECE_BYTES = 4096,
    TEXT_BEFORE_BYTES = 16,
    TEXT_MIN_BYTES = 4, /* shorter runs of printable bytes are chance */
    TEXT_SHOWN_BYTES = 40,
    WORD_BYTES = 8,
    COUNTER_LIMIT = 1 << 24, /* larger values are hardly counts or sizes */
    SMALLEST_POINTER = 1 << 16,
    COOKIE_BYTES = 8, /* that new[] puts before objects with a destructor */
};

/* What is known of the damage. */
struct damage {
    const char *address;
    size_t bytes;  /* of all of it */
    size_t length; /* of what was read */
    unsigned char seen[SEEN_BYTES];
};

static bool is_printable(unsigned char byte) { return byte >= ' ' && byte <= '~'; }

static void put_quoted(struct cn_text *text, const unsigned char *bytes, size_t length) {
    cn_text_put_char(text, '"');
    for (size_t i = 0; i < length && i < TEXT_SHOWN_BYTES; i++) {
        cn_text_put_char(text, (char)bytes[i]);
    }
    cn_text_put(text, length > TEXT_SHOWN_BYTES ? "...\"" : "\"");
}

/* ---- what was written ---------------------------------------------------------------------------------------- */

static bool put_if_nul(struct cn_text *text, const struct cn_incident *incident, const struct damage *damage) {
    const char *end = cn_where_user(&incident->known, &incident->facts) + incident->facts.size_bytes;
    if (incident->kind != CN_KIND_HEAP_BUFFER_OVERFLOW || damage->bytes != 1 || damage->seen[0] != '\0' ||
        damage->address != end) {
        return false;
    }
    cn_text_put(text, "a NUL one byte past the end: was the size taken from strlen, without the + 1?");
    return true;
}

/* The text may have begun before the damage, in the `before` bytes that are the block's. */
static bool put_if_text(struct cn_text *text, const struct damage *damage, size_t before) {
    unsigned char bytes[TEXT_BEFORE_BYTES + SEEN_BYTES];
    size_t start = TEXT_BEFORE_BYTES;
    size_t end = TEXT_BEFORE_BYTES;
    size_t length = cn_os_peek(damage->address - start, bytes, start + damage->length);
    while (start > TEXT_BEFORE_BYTES - before && is_printable(bytes[start - 1])) {
        start--;
    }
    while (end < length && is_printable(bytes[end])) {
        end++;
    }
    if (end == TEXT_BEFORE_BYTES || end - start < TEXT_MIN_BYTES) {
        return false;
    }
    cn_text_put(text, "the bytes look like text: ");
    put_quoted(text, bytes + start, end - start);
    return true;
}

static bool put_target(struct cn_text *text, uint64_t word, struct cn_where *target) {
    if (word < SMALLEST_POINTER) {
        return false;
    }
    cn_where_find((const void *)(uintptr_t)word, target); // NOLINT(performance-no-int-to-ptr): it may be anything
    if (target->kind == CN_WHERE_UNMAPPED || target->kind == CN_WHERE_NULL || target->kind == CN_WHERE_FREE) {
        return false;
    }
    cn_text_put(text, "the value ");
    cn_text_put_hex(text, word);
    cn_text_put(text, " looks like a pointer: it lies ");
    cn_where_put(text, target);
    return true;
}

static bool put_if_points(struct cn_text *text, uint64_t word) {
    static struct cn_where target; /* large */
    bool is_put = put_target(text, word, &target);
    target = (struct cn_where){0}; /* a search for leaks must not meet the pointer here */
    return is_put;
}

/* Aligned words that the damage touches: what is around it is the program's, or was right, and does no harm. */
static bool put_if_pointer(struct cn_text *text, const struct damage *damage) {
    const char *start = damage->address - (uintptr_t)damage->address % WORD_BYTES;
    uint64_t word;
    for (const char *at = start; at < damage->address + damage->length; at += WORD_BYTES) {
        if (cn_os_peek(at, &word, sizeof word) == sizeof word && put_if_points(text, word)) {
            return true;
        }
    }
    return false;
}

static uint64_t little_endian(const struct damage *damage) {
    uint64_t value = 0;
    memcpy(&value, damage->seen, cn_min(damage->length, sizeof value));
    return value;
}

/* Whether each byte of the damage, however long it is, is this one. */
static bool is_filled_with(const struct damage *damage, unsigned char byte) {
    static unsigned char piece[PIECE_BYTES]; /* large */
    size_t got;
    for (size_t done = 0; done < damage->bytes; done += got) {
        got = cn_os_peek(damage->address + done, piece, cn_min(damage->bytes - done, PIECE_BYTES));
        if (got == 0 || piece[0] != byte || memcmp(piece, piece + 1, got - 1) != 0) {
            return false;
        }
    }
    return true;
}

static bool put_if_filled(struct cn_text *text, const struct damage *damage) {
    if (damage->bytes < WORD_BYTES || !is_filled_with(damage, damage->seen[0])) {
        return false;
    }
    cn_text_put(text, "all of the bytes are ");
    cn_text_put_hex(text, damage->seen[0]);
    cn_text_put(text, ": memset, or a loop, with too large a count?");
    return true;
}

static bool put_if_counter(struct cn_text *text, const struct damage *damage) {
    uint64_t value = little_endian(damage);
    if (damage->bytes > WORD_BYTES || damage->bytes < 2 || value >= COUNTER_LIMIT) {
        return false;
    }
    cn_text_put(text, "the value ");
    cn_text_put_number(text, value);
    cn_text_put(text, " looks like a count, a size or an index");
    return true;
}

static bool put_if_element(struct cn_text *text, const struct cn_incident *incident, const struct damage *damage) {
    const char *end = cn_where_user(&incident->known, &incident->facts) + incident->facts.size_bytes;
    size_t bytes = damage->bytes;
    if (incident->kind != CN_KIND_HEAP_BUFFER_OVERFLOW || damage->address != end || bytes > WORD_BYTES ||
        !cn_is_power_of_two(bytes) || bytes == 1 || incident->facts.size_bytes % bytes != 0) {
        return false;
    }
    cn_text_put(text, "one element of ");
    cn_sentence_put_bytes(text, bytes);
    cn_text_put(text, " just past the end: an index that is one too large?");
    return true;
}

static void put_distance(struct cn_text *text, ptrdiff_t bytes, const char *words) {
    cn_text_put(text, "nothing but the distance tells whose write it is: the block ");
    cn_text_put(text, words);
    cn_sentence_put_bytes(text, (size_t)bytes);
    cn_text_put(text, " away");
}

/* Bytes between two live blocks that touch neither. */
static bool put_if_between(struct cn_text *text, const struct cn_incident *incident, const struct damage *damage) {
    bool is_before = incident->kind == CN_KIND_HEAP_BUFFER_UNDERFLOW;
    const struct cn_known *known = &incident->known;
    if (known->kind != CN_BLOCK_POOL || (!is_before && incident->kind != CN_KIND_HEAP_BUFFER_OVERFLOW)) {
        return false;
    }
    struct cn_known other = cn_record_around(is_before ? known->core - 1 : known->core + known->core_bytes);
    if (other.kind != CN_BLOCK_POOL) {
        return false;
    }
    struct cn_facts facts = cn_record_facts(other.record);
    const char *user = other.core + facts.head_bytes;
    const char *end = damage->address + damage->bytes;
    if (facts.state != CN_RECORD_LIVE) {
        return false;
    }
    if (is_before && end < known->core + incident->facts.head_bytes) {
        put_distance(text, damage->address - (user + facts.size_bytes), "before ends ");
        return true;
    }
    if (!is_before && damage->address >= other.core) {
        put_distance(text, user - end, "behind starts ");
        return true;
    }
    return false;
}

static void put_of_damage(struct cn_text *text, const struct cn_incident *incident) {
    struct damage damage = {.address = incident->damage, .bytes = incident->damage_bytes};
    damage.length = cn_os_peek(damage.address, damage.seen, cn_min(damage.bytes, SEEN_BYTES));
    bool has_block = incident->known.kind != CN_BLOCK_NONE;
    const char *user = has_block ? cn_where_user(&incident->known, &incident->facts) : damage.address;
    size_t before = damage.address > user ? cn_min((size_t)(damage.address - user), TEXT_BEFORE_BYTES) : 0;
    (void)(damage.length == 0 || (has_block && put_if_nul(text, incident, &damage)) ||
           put_if_between(text, incident, &damage) || put_if_text(text, &damage, before) ||
           put_if_pointer(text, &damage) || (has_block && put_if_element(text, incident, &damage)) ||
           put_if_filled(text, &damage) || put_if_counter(text, &damage));
}

/* ---- what was handed in -------------------------------------------------------------------------------------- */

static bool is_made_of(const void *pointer, int fill) {
    return fill > 0 && (uintptr_t)pointer == cn_fill_word((unsigned char)fill);
}

static void put_of_pointer(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where) {
    bool is_array = incident->facts.asked == CN_ASKED_NEW_ARRAY;
    if (is_made_of(incident->pointer, cn_fill_allocated)) {
        cn_text_put(text, "the pointer was read from a new block that was not written yet");
    } else if (is_made_of(incident->pointer, cn_fill_freed)) {
        cn_text_put(text, "the pointer was read from a block that was freed");
    } else if (where->kind == CN_WHERE_INSIDE && where->offset == COOKIE_BYTES && is_array) {
        cn_text_put(text, "an array of objects with a destructor: delete[], not delete, belongs to it");
    } else if (where->kind == CN_WHERE_INSIDE) {
        cn_text_put(text, incident->operation);
        cn_text_put(text, " wants the pointer that malloc returned: was it moved on since?");
    } else if (where->kind == CN_WHERE_BEFORE || where->kind == CN_WHERE_BEHIND) {
        cn_text_put(text, "a pointer that ran out of its block");
    } else if (where->kind == CN_WHERE_STACK) {
        cn_text_put(text, "it is of a local variable or an array of a function, which nobody allocated");
    } else if (where->kind == CN_WHERE_GLOBAL || where->kind == CN_WHERE_CODE) {
        cn_text_put(text, "it is of a variable or a constant of the program, which nobody allocated");
    } else if (where->kind == CN_WHERE_NULL) {
        cn_text_put(text, "a small number, or a member of a structure at NULL");
    } else if (where->kind == CN_WHERE_MAPPED && strcmp(where->mapping.path, "[heap]") == 0) {
        cn_text_put(text,
                    "it is of the C library's own malloc: of something that found that first, or has it linked in?");
    }
}

static void put_of_mismatch(struct cn_text *text, enum cn_asked asked, enum cn_asked freed_as) {
    cn_text_put(text, cn_sentence_family(asked));
    cn_text_put(text, asked == CN_ASKED_NEW         ? " goes with delete"
                      : asked == CN_ASKED_NEW_ARRAY ? " goes with delete[]"
                                                    : " goes with free");
    if (freed_as == CN_ASKED_MALLOC) {
        cn_text_put(text, "; if a library's own operator delete has called free, mismatch=0 lets it pass");
    }
}

void cn_hint_put(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where) {
    if (incident->damage != NULL) {
        put_of_damage(text, incident);
    } else if (incident->kind == CN_KIND_ALLOC_DEALLOC_MISMATCH) {
        put_of_mismatch(text, incident->facts.asked, incident->freed_as);
    } else if (incident->kind == CN_KIND_BAD_FREE && incident->heap_name == NULL) {
        put_of_pointer(text, incident, where);
    }
}
