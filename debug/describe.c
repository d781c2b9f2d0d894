/*
 * describe.c: what a pointer is, for whoever asks: a person in a debugger, mostly, who reads it on standard error,
 * wherever reports go. Nothing here allocates.
 */
#include <errno.h>

#include "alloc/explain.h"
#include "page.h"

enum { STANDARD_ERROR = 2 };

static struct cn_page page; /* while this thread reports */
static struct cn_incident incident;
static struct cn_text out;

void cn_debug_describe(const void *pointer) {
    int saved = errno;
    bool is_first = cn_report_begin();
    page = (struct cn_page){.incident = &incident};
    incident = (struct cn_incident){.pointer = pointer};
    cn_where_find(pointer, &page.where);
    if (page.where.kind <= CN_WHERE_BEHIND) {
        incident.known = page.where.known;
        incident.facts = page.where.facts;
        page.site = cn_page_site_of(incident.facts.alloc_stack);
    }
    cn_text_init(&out, STANDARD_ERROR);
    cn_page_put_description(&out, &page);
    (void)cn_text_fini(&out);
    page = (struct cn_page){0}; /* a search for leaks must not meet the pointer here */
    incident = (struct cn_incident){0};
    if (is_first) {
        cn_report_end();
    }
    errno = saved;
}

void cn_debug_set_report_callback(cairn_report_fn *callback, void *argument) {
    cn_report_set_callback(callback, argument);
}
