#include "sentence.h"

#include "alloc/layout.h"

const char *cn_sentence_kind(enum cn_kind kind) {
    static const char *const kinds[] = {
        [CN_KIND_HEAP_BUFFER_OVERFLOW] = "heap-buffer-overflow",
        [CN_KIND_HEAP_BUFFER_UNDERFLOW] = "heap-buffer-underflow",
        [CN_KIND_HEAP_USE_AFTER_FREE] = "heap-use-after-free",
        [CN_KIND_DOUBLE_FREE] = "double-free",
        [CN_KIND_BAD_FREE] = "bad-free",
        [CN_KIND_ALLOC_DEALLOC_MISMATCH] = "alloc-dealloc-mismatch",
        [CN_KIND_SIZE_MISMATCH] = "size-mismatch",
        [CN_KIND_REALLOC_OF_FREED] = "realloc-of-freed",
        [CN_KIND_INVALID_ALIGNMENT] = "invalid-alignment",
        [CN_KIND_SEALED_WRITE] = "sealed-write",
        [CN_KIND_FENCE_WRITE] = "fence-write",
        [CN_KIND_LEAK] = "leak",
    };
    return kinds[kind];
}

void cn_sentence_put_bytes(struct cn_text *text, size_t bytes) {
    cn_text_put_number(text, bytes);
    cn_text_put(text, bytes == 1 ? " byte" : " bytes");
}

const char *cn_sentence_family(enum cn_asked asked) {
    static const char *const families[] = {[CN_ASKED_MALLOC] = "malloc",
                                           [CN_ASKED_CALLOC] = "calloc",
                                           [CN_ASKED_ALIGNED] = "aligned_alloc",
                                           [CN_ASKED_NEW] = "new",
                                           [CN_ASKED_NEW_ARRAY] = "new[]"};
    return families[asked];
}

/* ---- a pointer that was handed in ---------------------------------------------------------------------------- */

static void put_call(struct cn_text *text, const struct cn_incident *incident) {
    cn_text_put(text, incident->operation);
    cn_text_put(text, " of ");
    cn_text_put_hex(text, (uintptr_t)incident->pointer);
}

static bool is_of_freed(const struct cn_incident *incident, const struct cn_where *where) {
    return incident->kind == CN_KIND_DOUBLE_FREE || incident->kind == CN_KIND_REALLOC_OF_FREED ||
           (where->kind == CN_WHERE_START && cn_where_is_freed(&where->facts));
}

static void put_not_live(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where) {
    put_call(text, incident);
    if (incident->heap_name != NULL) {
        cn_text_put(text, ", which is not a block of heap '");
        cn_text_put(text, incident->heap_name);
        cn_text_put(text, "'");
    } else if (is_of_freed(incident, where)) {
        cn_text_put(text, ", which is already free");
    } else if (where->kind == CN_WHERE_FRESH || where->kind == CN_WHERE_SLACK || where->kind == CN_WHERE_FREE) {
        cn_text_put(text, ", which is not the start of a live block: no block was handed out there");
    } else {
        bool is_outside = where->kind >= CN_WHERE_TABLES;
        cn_text_put(text, ", which is not the start of a live block: it lies ");
        cn_text_put(text, is_outside ? "outside the heap, " : "");
        cn_where_put(text, where);
    }
}

static void put_mismatch(struct cn_text *text, const struct cn_incident *incident) {
    put_call(text, incident);
    cn_text_put(text, ", a block that was allocated by ");
    cn_text_put(text, cn_sentence_family(incident->facts.asked));
}

static void put_size_mismatch(struct cn_text *text, const struct cn_incident *incident) {
    put_call(text, incident);
    cn_text_put(text, " with size ");
    cn_sentence_put_bytes(text, incident->asked_size);
    if (incident->asked_alignment > CN_GRANULE_BYTES) {
        cn_text_put(text, " and alignment ");
        cn_sentence_put_bytes(text, incident->asked_alignment);
    }
    cn_text_put(text, ", which does not belong to its block of ");
    cn_sentence_put_bytes(text, incident->facts.size_bytes);
}

static void put_alignment(struct cn_text *text, const struct cn_incident *incident) {
    size_t asked = incident->asked_alignment;
    put_call(text, incident);
    if (asked == 0) {
        cn_text_put(text, " without an alignment");
    } else {
        cn_text_put(text, " with alignment ");
        cn_sentence_put_bytes(text, asked);
    }
    if (asked != 0 && !cn_is_power_of_two(asked)) {
        cn_text_put(text, ", which is not a power of two");
    } else if (asked != 0 && (uintptr_t)incident->pointer % asked != 0) {
        cn_text_put(text, ", which the block does not have");
    } else {
        cn_text_put(text, ", a block that was allocated with one of ");
        cn_sentence_put_bytes(text, incident->facts.head_bytes);
    }
}

/* ---- bytes that were written, or accessed -------------------------------------------------------------------- */

static void put_block(struct cn_text *text, const struct cn_incident *incident) {
    if (incident->known.kind == CN_BLOCK_NONE) {
        cn_text_put(text, "memory of the heap that belongs to no block");
        return;
    }
    cn_text_put(text, "block of ");
    cn_sentence_put_bytes(text, incident->facts.size_bytes);
    cn_text_put(text, " at ");
    cn_text_put_hex(text, (uintptr_t)cn_where_user(&incident->known, &incident->facts));
}

static void put_offset(struct cn_text *text, const struct cn_incident *incident, const char *address) {
    if (incident->known.kind == CN_BLOCK_NONE) {
        cn_text_put(text, ", at ");
        cn_text_put_hex(text, (uintptr_t)address);
        return;
    }
    ptrdiff_t offset = address - cn_where_user(&incident->known, &incident->facts);
    cn_text_put(text, offset < 0 ? ", at offset -" : ", at offset ");
    cn_text_put_number(text, (uint64_t)(offset < 0 ? -offset : offset));
}

static const char *how_wrong(enum cn_kind kind) {
    switch (kind) {
    case CN_KIND_HEAP_BUFFER_OVERFLOW:
        return " past its end";
    case CN_KIND_HEAP_BUFFER_UNDERFLOW:
        return " before its start";
    case CN_KIND_HEAP_USE_AFTER_FREE:
        return " after it was freed";
    case CN_KIND_SEALED_WRITE:
        return " while it was sealed";
    case CN_KIND_FENCE_WRITE:
        return " in one of its fences";
    default:
        return "";
    }
}

static void put_damage(struct cn_text *text, const struct cn_incident *incident) {
    put_block(text, incident);
    if (incident->damage == NULL) { /* some of its bytes: a seal does not tell which */
        cn_text_put(text, " was written");
        cn_text_put(text, how_wrong(incident->kind));
    } else {
        cn_text_put(text, " has ");
        cn_sentence_put_bytes(text, incident->damage_bytes);
        cn_text_put(text, " written");
        cn_text_put(text, incident->known.kind != CN_BLOCK_NONE ? how_wrong(incident->kind) : "");
        put_offset(text, incident, incident->damage);
    }
    cn_text_put(text, "; found at ");
    cn_text_put(text, incident->operation);
}

static const char *where_accessed(enum cn_kind kind) {
    switch (kind) {
    case CN_KIND_HEAP_BUFFER_OVERFLOW:
        return " past the end of a ";
    case CN_KIND_HEAP_BUFFER_UNDERFLOW:
        return " before the start of a ";
    case CN_KIND_HEAP_USE_AFTER_FREE:
        return " in a freed ";
    default:
        return " in a ";
    }
}

static void put_access(struct cn_text *text, const struct cn_incident *incident) {
    cn_text_put(text, incident->access == CN_ACCESS_READ ? "read" : "write");
    cn_text_put(text, where_accessed(incident->kind));
    put_block(text, incident);
    put_offset(text, incident, (const char *)incident->pointer);
}

void cn_sentence_put(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where) {
    if (incident->access != CN_ACCESS_NONE) {
        put_access(text, incident);
    } else if (incident->kind == CN_KIND_ALLOC_DEALLOC_MISMATCH) {
        put_mismatch(text, incident);
    } else if (incident->kind == CN_KIND_SIZE_MISMATCH) {
        put_size_mismatch(text, incident);
    } else if (incident->kind == CN_KIND_INVALID_ALIGNMENT) {
        put_alignment(text, incident);
    } else if (incident->damage != NULL || incident->kind == CN_KIND_SEALED_WRITE) {
        put_damage(text, incident);
    } else {
        put_not_live(text, incident, where);
    }
}
