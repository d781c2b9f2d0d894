/*
 * abort.c: abort, and assertions that fail, by the names of the C library: all blocks are looked at before, for what a
 * program finds wrong with itself may have been done to its heap.
 *
 * The signal is left to the program: fuzzers, and what writes reports of crashes, handle SIGABRT, and some only where
 * nobody else does. The C library's own aborts are not seen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "alloc/os.h"
#include "alloc/text.h"
#include "audit.h"
#include "stack.h"

/* Weak, for programs that have all of the C library in them: other parts of it need the file that has its own abort,
 * which counts then. */
#define EXPORT __attribute__((visibility("default"), weak))

enum { STANDARD_ERROR = 2 };

/* What assert calls. */
EXPORT CN_NORETURN void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function);

static CN_NORETURN void look_and_abort(const char *how, const struct cn_stack_start *start) {
    if (!cn_os_is_aborting()) {
        cn_audit_last(how, cn_stack_capture(start));
    }
    cn_os_abort();
}

EXPORT void abort(void) {
    struct cn_stack_start here = cn_stack_here();
    look_and_abort("abort", &here);
}

/* As the C library says it, and first: where there is damage, the report is the last that is said. */
static void say(const char *assertion, const char *file, unsigned line, const char *function) {
    struct cn_text text;
    cn_text_init(&text, STANDARD_ERROR);
    cn_text_put(&text, program_invocation_short_name);
    cn_text_put(&text, *program_invocation_short_name != '\0' ? ": " : "");
    cn_text_put(&text, file);
    cn_text_put_char(&text, ':');
    cn_text_put_number(&text, line);
    cn_text_put(&text, ": ");
    cn_text_put(&text, function != NULL ? function : "");
    cn_text_put(&text, function != NULL ? ": " : "");
    cn_text_put(&text, "Assertion `");
    cn_text_put(&text, assertion);
    cn_text_put(&text, "' failed.\n");
    (void)cn_text_fini(&text);
}

void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
    struct cn_stack_start here = cn_stack_here();
    say(assertion, file, line, function);
    look_and_abort("a failed assertion", &here);
}
