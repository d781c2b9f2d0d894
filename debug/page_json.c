#include "alloc/os.h"
#include "dump.h"
#include "hint.h"
#include "page.h"
#include "sentence.h"

enum { BYTES_SHOWN = 64 };

/* ---- members of an object ------------------------------------------------------------------------------------ */

static void put_name(struct cn_text *text, const char *name) {
    cn_text_put(text, ",\"");
    cn_text_put(text, name);
    cn_text_put(text, "\":");
}

static void put_string(struct cn_text *text, const char *name, const char *value) {
    put_name(text, name);
    cn_text_quote(text);
    cn_text_put(text, value);
    cn_text_unquote(text);
}

static void put_number(struct cn_text *text, const char *name, uint64_t value) {
    put_name(text, name);
    cn_text_put_number(text, value);
}

/* Addresses and hashes are strings: not every reader has numbers of 64 bits. */
static void put_hex(struct cn_text *text, const char *name, uint64_t value) {
    put_name(text, name);
    cn_text_quote(text);
    cn_text_put_hex(text, value);
    cn_text_unquote(text);
}

/* ---- the parts ----------------------------------------------------------------------------------------------- */

static void put_event(struct cn_text *text, const char *name, unsigned thread, uint32_t stack) {
    put_name(text, name);
    cn_text_put(text, "{\"thread\":");
    cn_text_put_number(text, thread);
    cn_page_put_stack_json(text, "stack", stack);
    cn_text_put(text, "}");
}

static void put_block(struct cn_text *text, const struct cn_incident *incident) {
    const struct cn_facts *facts = &incident->facts;
    const char *heap_name = cn_page_heap_name(&incident->known);
    put_name(text, "block");
    cn_text_put(text, "{\"size\":");
    cn_text_put_number(text, facts->size_bytes);
    put_hex(text, "address", (uintptr_t)cn_where_user(&incident->known, facts));
    put_number(text, "serial", facts->serial);
    put_string(text, "state", cn_page_state_of(facts));
    put_string(text, "from", cn_sentence_family(facts->asked));
    if (heap_name != NULL) {
        put_string(text, "heap", heap_name);
    }
    put_event(text, "allocated", facts->alloc_thread, facts->alloc_stack);
    if (cn_where_is_freed(facts)) {
        put_event(text, "freed", facts->free_thread, facts->free_stack);
    }
    cn_text_put(text, "}");
}

static void put_pointer(struct cn_text *text, const struct cn_where *where) {
    put_name(text, "pointer");
    cn_text_put(text, "{\"offset\":");
    cn_text_put_number(text, where->kind <= CN_WHERE_BEHIND ? where->offset : 0);
    put_hex(text, "address", (uintptr_t)where->pointer);
    put_string(text, "place", cn_where_word(where));
    if (where->kind >= CN_WHERE_STACK && where->kind <= CN_WHERE_MAPPED) {
        put_string(text, "mapping", where->mapping.path);
    }
    cn_text_put(text, "}");
}

static void put_byte(struct cn_text *text, unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    cn_text_put_char(text, digits[byte >> 4]);
    cn_text_put_char(text, digits[byte & 15]);
}

static void put_found(struct cn_text *text, const struct cn_incident *incident) {
    unsigned char bytes[BYTES_SHOWN];
    size_t length = cn_os_peek(incident->damage, bytes, cn_min(incident->damage_bytes, BYTES_SHOWN));
    put_name(text, "found");
    cn_text_quote(text);
    for (size_t i = 0; i < length; i++) {
        put_byte(text, bytes[i]);
    }
    cn_text_unquote(text);
}

static void put_expected(struct cn_text *text, const struct cn_incident *incident) {
    unsigned char byte;
    put_name(text, "expected");
    cn_text_quote(text);
    for (size_t i = 0; i < cn_min(incident->damage_bytes, BYTES_SHOWN); i++) {
        if (cn_dump_expected(incident->damage + i, &byte)) {
            put_byte(text, byte);
        } else {
            cn_text_put(text, "..");
        }
    }
    cn_text_unquote(text);
}

static void put_damage(struct cn_text *text, const struct cn_page *page) {
    const struct cn_incident *incident = page->incident;
    put_name(text, "damage");
    cn_text_put(text, "{\"bytes\":");
    cn_text_put_number(text, incident->damage_bytes);
    put_hex(text, "address", (uintptr_t)incident->damage);
    if (cn_page_has_block(page)) {
        ptrdiff_t offset = incident->damage - cn_where_user(&incident->known, &incident->facts);
        put_name(text, "offset");
        cn_text_put(text, offset < 0 ? "-" : "");
        cn_text_put_number(text, (uint64_t)(offset < 0 ? -offset : offset));
    }
    put_found(text, incident);
    put_expected(text, incident);
    cn_text_put(text, "}");
}

static void put_hint(struct cn_text *text, const struct cn_page *page) {
    put_name(text, "hint");
    cn_text_quote(text);
    cn_hint_put(text, page->incident, &page->where);
    cn_text_unquote(text);
}

void cn_page_put_json(struct cn_text *text, const struct cn_page *page) {
    const struct cn_incident *incident = page->incident;
    cn_text_put(text, "{\"kind\":\"");
    cn_text_put(text, cn_sentence_kind(incident->kind));
    cn_text_put(text, "\"");
    put_string(text, "sentence", page->sentence);
    put_string(text, "operation", incident->operation);
    put_number(text, "process", cn_os_process_id());
    put_number(text, "thread", page->thread);
    put_hex(text, "site", page->site);
    cn_page_put_stack_json(text, "stack", incident->stack);
    if (incident->pointer != NULL) {
        put_pointer(text, &page->where);
    }
    if (cn_page_has_block(page)) {
        put_block(text, incident);
    }
    if (incident->damage != NULL) {
        put_damage(text, page);
    }
    put_hint(text, page);
    cn_text_put(text, "}\n");
}
