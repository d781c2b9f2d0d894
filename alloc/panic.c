#include "panic.h"

#include "os.h"
#include "text.h"

enum { STANDARD_ERROR = 2 };

void cn_panic_start(struct cn_text *text, const char *kind) {
    cn_text_init(text, STANDARD_ERROR);
    cn_text_put(text, "cairn: ERROR: ");
    cn_text_put(text, kind);
    cn_text_put(text, ": ");
}

void cn_panic_stop(struct cn_text *text) {
    cn_text_put(text, "\n");
    (void)cn_text_fini(text);
    cn_os_abort();
}

void cn_panic_invariant(const char *invariant) {
    struct cn_text text;
    cn_panic_start(&text, "broken-invariant");
    cn_text_put(&text, invariant);
    cn_panic_stop(&text);
}

void cn_warn(const char *sentence, const char *detail, size_t length) {
    struct cn_text text;
    cn_text_init(&text, STANDARD_ERROR);
    cn_text_put(&text, "cairn: WARNING: ");
    cn_text_put(&text, sentence);
    cn_text_put(&text, ": ");
    for (size_t i = 0; i < length; i++) {
        cn_text_put_char(&text, detail[i]);
    }
    cn_text_put(&text, "\n");
    (void)cn_text_fini(&text);
}
