#include "report.h"

#include "alloc/panic.h"
#include "alloc/text.h"

static const char *const kind_names[] = {"heap-buffer-overflow",
                                         "heap-buffer-underflow",
                                         "heap-use-after-free",
                                         "double-free",
                                         "bad-free",
                                         "alloc-dealloc-mismatch",
                                         "size-mismatch",
                                         "realloc-of-freed",
                                         "invalid-alignment",
                                         "sealed-write",
                                         "fence-write",
                                         "leak"};

void cn_report(const struct cn_incident *incident) {
    struct cn_text text;
    cn_panic_start(&text, kind_names[incident->kind]);
    cn_text_put(&text, incident->operation);
    cn_text_put(&text, " of ");
    cn_text_put_hex(&text, (uintptr_t)incident->pointer);
    cn_text_put(&text, " block of ");
    cn_text_put_number(&text, incident->facts.size_bytes);
    cn_panic_stop(&text);
}

unsigned cn_report_count(void) { return 0; }

void cn_report_after_fork(void) {}
