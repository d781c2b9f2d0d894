#include "page.h"

#include "alloc/heap.h"
#include "alloc/options.h"
#include "dump.h"
#include "hint.h"
#include "paint.h"
#include "self.h"
#include "sentence.h"

const char *cn_page_heap_name(const struct cn_known *known) {
    const struct cairn_heap *heap = cn_record_named_heap(known);
    return heap != NULL ? heap->name : NULL;
}

const char *cn_page_state_of(const struct cn_facts *facts) {
    if ((facts->marks & CN_MARK_PARKED) != 0) {
        return "set aside, damaged";
    }
    return facts->state == CN_RECORD_LIVE ? "live" : cn_where_is_freed(facts) ? "freed" : "changing";
}

/* ---- the block ----------------------------------------------------------------------------------------------- */

static void put_thread(struct cn_text *text, unsigned thread) {
    if (thread != 0) {
        cn_text_put(text, " by thread ");
        cn_text_put_number(text, thread);
        cn_text_put(text, thread == CN_RECORD_THREAD_MAX ? " or a later one" : "");
    }
}

static void put_age(struct cn_text *text, uint64_t serial) {
    uint64_t age = cn_record_last_serial() - serial;
    cn_text_put_number(text, age);
    cn_text_put(text, age == 1 ? " allocation old" : " allocations old");
}

static void put_block(struct cn_text *text, const struct cn_known *known, const struct cn_facts *facts) {
    cn_sentence_put_bytes(text, facts->size_bytes);
    cn_text_put(text, " at ");
    cn_text_put_hex(text, (uintptr_t)cn_where_user(known, facts));
    cn_text_put(text, ", serial ");
    cn_text_put_number(text, facts->serial);
    cn_text_put(text, ", ");
    cn_text_put(text, cn_page_state_of(facts));
}

static void put_label(struct cn_text *text, const char *label) {
    enum { WIDTH = 11 };
    cn_text_put(text, "  ");
    cn_paint(text, CN_PAINT_HEADING);
    cn_text_put_column(text, label, -WIDTH);
    cn_paint(text, CN_PAINT_PLAIN);
}

static void put_block_line(struct cn_text *text, const struct cn_page *page) {
    const struct cn_known *known = &page->incident->known;
    const struct cn_facts *facts = &page->incident->facts;
    const char *heap_name = cn_page_heap_name(known);
    put_label(text, "block");
    put_block(text, known, facts);
    cn_text_put(text, ", ");
    put_age(text, facts->serial);
    cn_text_put(text, ", from ");
    cn_text_put(text, cn_sentence_family(facts->asked));
    if (heap_name != NULL) {
        cn_text_put(text, " in heap '");
        cn_text_put(text, heap_name);
        cn_text_put(text, "'");
    }
    cn_text_put(text, known->kind == CN_BLOCK_POOL ? "\n" : ", pages of its own\n");
}

/* Whether on pages of its own the block would have met the end of them: not by what is written into it while it is
 * live, nor within the multiple of its alignment in which it ends. */
static bool is_stopped_by_guard(const struct cn_page *page) {
    const struct cn_incident *incident = page->incident;
    if (!cn_page_has_block(page) || incident->damage == NULL || incident->known.kind == CN_BLOCK_GUARDED) {
        return false;
    }
    const char *user = cn_where_user(&incident->known, &incident->facts);
    const char *end = user + cn_round_up(incident->facts.size_bytes, incident->facts.head_bytes);
    return incident->kind == CN_KIND_HEAP_USE_AFTER_FREE || incident->damage < user ||
           incident->damage + incident->damage_bytes > end;
}

static void put_site_line(struct cn_text *text, const struct cn_page *page) {
    if (page->site == 0) {
        return;
    }
    put_label(text, "site");
    cn_text_put_hex(text, page->site);
    if (is_stopped_by_guard(page)) {
        cn_text_put(text, "; to stop at the store itself, run again with guard=site:");
        cn_text_put_hex(text, page->site);
        cn_text_put(text, " or guard=serial:");
        cn_text_put_number(text, page->incident->facts.serial);
        cn_text_put(text, page->incident->kind == CN_KIND_HEAP_BUFFER_UNDERFLOW ? ", and guard_side=before" : "");
    }
    cn_text_put(text, "\n");
}

/* ---- the pointer --------------------------------------------------------------------------------------------- */

static void put_mapping(struct cn_text *text, const struct cn_mapping *mapping) {
    cn_text_put(text, ", of ");
    cn_text_put_hex(text, mapping->start);
    cn_text_put(text, " to ");
    cn_text_put_hex(text, mapping->end);
    cn_text_put(text, mapping->is_readable ? " r" : " -");
    cn_text_put(text, mapping->is_writable ? "w" : "-");
    cn_text_put(text, mapping->is_executable ? "x" : "-");
    if (mapping->path[0] != '\0') {
        cn_text_put(text, " ");
        cn_text_put(text, mapping->path);
    }
}

static void put_pointer(struct cn_text *text, const struct cn_where *where, bool is_handed_in) {
    cn_text_put_hex(text, (uintptr_t)where->pointer);
    cn_text_put(text, " lies ");
    cn_where_put(text, where);
    if (where->kind == CN_WHERE_CODE || where->kind == CN_WHERE_GLOBAL) {
        cn_text_put(text, ": ");
        cn_page_put_symbol(text, (uintptr_t)where->pointer);
    }
    if (where->kind >= CN_WHERE_STACK && where->kind <= CN_WHERE_MAPPED) {
        put_mapping(text, &where->mapping);
    }
    if (is_handed_in && (uintptr_t)where->pointer % CN_GRANULE_BYTES != 0) {
        cn_text_put(text, "; it is no multiple of 16, as every block's start is");
    }
    cn_text_put(text, "\n");
}

/* ---- stacks -------------------------------------------------------------------------------------------------- */

static void put_stack(struct cn_text *text, const char *verb, unsigned thread, uint32_t stack) {
    if (stack == 0) {
        return;
    }
    cn_text_put(text, "\n  ");
    cn_paint(text, CN_PAINT_HEADING);
    cn_text_put(text, verb);
    put_thread(text, thread);
    cn_text_put(text, " here:");
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put(text, "\n");
    cn_page_put_stack(text, stack);
}

static void put_stacks(struct cn_text *text, const struct cn_page *page) {
    const struct cn_facts *facts = &page->incident->facts;
    const bool is_access = page->incident->access != CN_ACCESS_NONE;
    put_stack(text,
              page->incident->pointer == NULL ? "noticed"
              : is_access                     ? "accessed"
                                              : "called",
              page->thread, page->incident->stack);
    if (cn_page_has_block(page)) {
        put_stack(text, "allocated", facts->alloc_thread, facts->alloc_stack);
        if (cn_where_is_freed(facts)) {
            put_stack(text, "freed", facts->free_thread, facts->free_stack);
        }
    }
}

/* ---- around it ----------------------------------------------------------------------------------------------- */

static void put_dump(struct cn_text *text, const struct cn_page *page) {
    const struct cn_incident *incident = page->incident;
    struct cn_dump dump = {.focus = incident->damage, .focus_bytes = incident->damage_bytes};
    if (cn_page_has_block(page)) {
        dump.origin = cn_where_user(&incident->known, &incident->facts);
    }
    if (dump.focus == NULL) {
        return;
    }
    cn_paint_put(text, CN_PAINT_HEADING, "\n  bytes around the damage, and their offsets:\n");
    cn_dump_put(text, &dump);
}

static bool put_neighbour(struct cn_text *text, const char *label, const char *address) {
    struct cn_known known = cn_record_around(address);
    if (known.kind == CN_BLOCK_NONE) {
        return false;
    }
    struct cn_facts facts = cn_record_facts(known.record);
    put_label(text, label);
    put_block(text, &known, &facts);
    put_thread(text, facts.alloc_thread);
    cn_text_put(text, "\n");
    return true;
}

static void put_neighbours(struct cn_text *text, const struct cn_page *page) {
    const struct cn_known *known = &page->incident->known;
    if (known->kind != CN_BLOCK_POOL) {
        return;
    }
    cn_paint_put(text, CN_PAINT_HEADING, "\n  neighbours:\n");
    bool has_before = put_neighbour(text, "  before", known->core - 1);
    bool has_behind = put_neighbour(text, "  behind", known->core + known->core_bytes);
    if (!has_before && !has_behind) {
        cn_text_put(text, "    none was handed out yet\n");
    }
}

static void put_hint(struct cn_text *text, const struct cn_page *page) {
    static struct cn_text hint; /* large */
    cn_text_init(&hint, CN_TEXT_NOWHERE);
    cn_hint_put(&hint, page->incident, &page->where);
    if (hint.length == 0) {
        return;
    }
    cn_paint_put(text, CN_PAINT_HINT, "\n  hint: ");
    for (size_t i = 0; i < hint.length; i++) {
        cn_text_put_char(text, hint.bytes[i]);
    }
    cn_text_put(text, "\n");
}

void cn_page_put_text(struct cn_text *text, const struct cn_page *page) {
    cn_paint_choose(text);
    cn_paint(text, CN_PAINT_ERROR);
    cn_text_put(text, "cairn: ERROR: ");
    cn_text_put(text, cn_sentence_kind(page->incident->kind));
    cn_text_put(text, ": ");
    cn_text_put(text, page->sentence);
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put(text, "\n");
    if (cn_page_has_block(page)) {
        put_block_line(text, page);
    }
    if (page->incident->pointer != NULL && page->where.kind != CN_WHERE_START) {
        put_label(text, "pointer");
        put_pointer(text, &page->where, page->incident->access == CN_ACCESS_NONE);
    }
    put_site_line(text, page);
    cn_text_flush(text); /* names need a large stack: a signal's may be too small */
    put_stacks(text, page);
    put_dump(text, page);
    put_neighbours(text, page);
    put_hint(text, page);
    cn_text_put(text, "\n");
}

/* ---- without an incident ------------------------------------------------------------------------------------- */

static void put_bytes_there(struct cn_text *text, const struct cn_page *page) {
    enum { FIRST_BYTES = 16 };
    struct cn_dump dump = {.focus = page->where.pointer, .focus_bytes = FIRST_BYTES, .marks = CN_DUMP_MARKS_NOTHING};
    if (page->where.kind == CN_WHERE_NULL || page->where.kind == CN_WHERE_UNMAPPED) {
        return;
    }
    if (cn_page_has_block(page)) {
        dump.origin = cn_where_user(&page->incident->known, &page->incident->facts);
    }
    cn_paint_put(text, CN_PAINT_HEADING, "\n  bytes there:\n");
    cn_dump_put(text, &dump);
}

void cn_page_put_description(struct cn_text *text, const struct cn_page *page) {
    cn_paint_choose(text);
    put_pointer(text, &page->where, true);
    if (cn_page_has_block(page)) {
        put_block_line(text, page);
    }
    put_site_line(text, page);
    put_stacks(text, page);
    put_bytes_there(text, page);
    put_neighbours(text, page);
    cn_text_put(text, "\n");
}
