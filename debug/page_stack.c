/*
 * page_stack.c: stacks and symbols on a report's page.
 */
#include "page.h"

#include "alloc/options.h"
#include "alloc/os.h"
#include "depot.h"
#include "self.h"
#include "symbol.h"

void cn_page_put_stack(struct cn_text *text, uint32_t stack) { cn_symbol_print_stack(text, stack); }

uint64_t cn_page_site_of(uint32_t stack) { return cn_depot_site_hash(stack); }

static void visit_stack(uint32_t stack, void (*visit)(const struct cn_location *location, void *argument),
                        void *argument) {
    const struct cn_depot_stack *found = cn_depot_find(stack);
    for (size_t i = found != NULL ? cn_symbol_first_frame(found) : 0; found != NULL && i < found->count; i++) {
        cn_symbol_visit_frame(found->frames[i], visit, argument);
    }
}

/* ---- as JSON ------------------------------------------------------------------------------------------------- */

struct list {
    struct cn_text *text;
    size_t count;
};

static void put_string(struct cn_text *text, const char *name, const char *value) {
    if (value != NULL) {
        cn_text_put(text, name);
        cn_text_quote(text);
        cn_text_put(text, value);
        cn_text_unquote(text);
    }
}

static void put_location(const struct cn_location *location, void *argument) {
    struct list *list = argument;
    struct cn_text *text = list->text;
    cn_text_put(text, list->count++ == 0 ? "{\"pc\":\"" : ",{\"pc\":\"");
    cn_text_put_hex(text, location->pc);
    cn_text_put(text, "\"");
    put_string(text, ",\"function\":", location->function);
    put_string(text, ",\"file\":", location->file);
    if (location->file != NULL) {
        cn_text_put(text, ",\"line\":");
        cn_text_put_number(text, location->line);
    }
    put_string(text, ",\"module\":", location->module);
    cn_text_put(text, ",\"module_offset\":\"");
    cn_text_put_hex(text, location->module_offset);
    cn_text_put(text, "\"}");
}

void cn_page_put_stack_json(struct cn_text *text, const char *name, uint32_t stack) {
    struct list list = {text, 0};
    cn_text_put(text, ",\"");
    cn_text_put(text, name);
    cn_text_put(text, "\":[");
    visit_stack(stack, put_location, &list);
    cn_text_put(text, "]");
}

/* ---- notes --------------------------------------------------------------------------------------------------- */

/* All of it is kept until its end is known: as JSON it is one string. */
bool cn_page_begin_note(struct cn_text *text) {
    if (!cn_report_begin()) {
        return false;
    }
    cn_text_init(text, CN_TEXT_NOWHERE);
    return true;
}

static void put_kept(struct cn_text *text, const struct cn_text *kept, size_t length) {
    for (size_t i = 0; i < length; i++) {
        cn_text_put_char(text, kept->bytes[i]);
    }
}

static void put_note(struct cn_text *text, const struct cn_text *note, uint32_t stack) {
    cn_text_put(text, "cairn: NOTE: ");
    put_kept(text, note, note->length);
    cn_text_flush(text); /* names need a large stack: a signal's may be too small */
    cn_page_put_stack(text, stack);
}

static void put_note_json(struct cn_text *text, const struct cn_text *note, uint32_t stack) {
    cn_text_put(text, "{\"note\":");
    cn_text_quote(text);
    put_kept(text, note, note->length - 1); /* without the line's end */
    cn_text_unquote(text);
    cn_text_put(text, ",\"process\":");
    cn_text_put_number(text, cn_os_process_id());
    cn_text_put(text, ",\"thread\":");
    cn_text_put_number(text, cn_self_number());
    cn_page_put_stack_json(text, "stack", stack);
    cn_text_put(text, "}\n");
}

void cn_page_end_note(struct cn_text *text, uint32_t stack) {
    static struct cn_text out; /* large */
    cn_text_init(&out, cn_report_open());
    if (cn_options.report == CN_REPORT_JSON) {
        put_note_json(&out, text, stack);
    } else {
        put_note(&out, text, stack);
    }
    (void)cn_text_fini(&out);
    cn_report_close(out.fd);
    cn_report_end();
}

/* ---- names --------------------------------------------------------------------------------------------------- */

struct question {
    bool (*fits)(const char *name);
    bool is_answered;
};

static void ask(const struct cn_location *location, void *argument) {
    struct question *question = argument;
    const char *const names[] = {location->function, location->file, location->module};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        question->is_answered = question->is_answered || (names[i] != NULL && question->fits(names[i]));
    }
}

bool cn_page_stack_has(uint32_t stack, bool (*fits)(const char *name)) {
    struct question question = {fits, false};
    visit_stack(stack, ask, &question);
    return question.is_answered;
}

static void put_module_offset(const struct cn_location *location, void *argument) {
    struct cn_text *text = argument;
    cn_text_put_hex(text, location->module_offset);
}

void cn_page_put_symbol(struct cn_text *text, uintptr_t address) {
    struct cn_symbol symbol;
    if (cn_symbol_find(address, &symbol)) {
        cn_text_put(text, symbol.name);
        if (address != symbol.address) {
            cn_text_put(text, "+");
            cn_text_put_hex(text, address - symbol.address);
        }
    } else {
        cn_text_put(text, "offset ");
        cn_symbol_visit_frame(address | CN_FRAME_INTERRUPTED, put_module_offset, text);
    }
}
