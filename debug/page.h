/*
 * page.h: one report, with all that is known of its incident, and the two forms in which it is put: for people
 * (page_text.c) and for programs (page_json.c).
 */
#ifndef CN_PAGE_H
#define CN_PAGE_H

#include "alloc/text.h"
#include "report.h"
#include "where.h"

struct cn_page {
    const struct cn_incident *incident;
    struct cn_where where; /* what the incident's pointer is; only where there is one */
    unsigned thread;       /* that noticed; 0: one that Cairn does not know */
    uint64_t site;         /* hash of where the block was allocated, or, without a block, of the call; 0: not known */
    char sentence[CN_TEXT_BYTES];
};

void cn_page_put_text(struct cn_text *text, const struct cn_page *page);

/* One line. */
void cn_page_put_json(struct cn_text *text, const struct cn_page *page);

CN_INLINE bool cn_page_has_block(const struct cn_page *page) { return page->incident->known.kind != CN_BLOCK_NONE; }

/* What the pointer of the incident is, which has neither a kind nor damage. */
void cn_page_put_description(struct cn_text *text, const struct cn_page *page);

/* The calls of a stack: one a line; or a member of an object, a list of objects, with a comma before it. */
void cn_page_put_stack(struct cn_text *text, uint32_t stack);
void cn_page_put_stack_json(struct cn_text *text, const char *name, uint32_t stack);

/* A note, which is no report, goes where reports go, in their form: its one line, for which `text` has room, is put
 * between the two, and a stack ends it. False where this thread is making a report. */
bool cn_page_begin_note(struct cn_text *text);
void cn_page_end_note(struct cn_text *text, uint32_t stack);

/* Whether `fits` says so of a function, file or module in the stack. */
bool cn_page_stack_has(uint32_t stack, bool (*fits)(const char *name));

/* The symbol at an address, the module and the place in it. */
void cn_page_put_symbol(struct cn_text *text, uintptr_t address);

/* A hash of the stack that is the same in every run. */
uint64_t cn_page_site_of(uint32_t stack);

/* The name of the named heap that the block is of; NULL: of none. */
const char *cn_page_heap_name(const struct cn_known *known);

/* What the block is, in a word or some. */
const char *cn_page_state_of(const struct cn_facts *facts);

#endif
