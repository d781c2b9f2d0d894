/*
 * panic.h: how Cairn stops the process: for a broken invariant of its own, and for a misuse by the program
 * (misuse.h). Nothing here allocates; each prints one line on standard error and raises SIGABRT.
 */
#ifndef CN_PANIC_H
#define CN_PANIC_H

#include "bits.h"

struct cn_text;

/* Starts a report on standard error, `cairn: ERROR: <kind>: `, that the caller completes; `stop` ends its line and
 * raises SIGABRT. */
void cn_panic_start(struct cn_text *text, const char *kind);
CN_COLD CN_NORETURN void cn_panic_stop(struct cn_text *text);

/* `cairn: ERROR: broken-invariant: <invariant>`; `invariant` starts with its name, as in its module's head. */
CN_COLD CN_NORETURN void cn_panic_invariant(const char *invariant);

/* `cairn: WARNING: <sentence>: <detail>`, and back. `length` is the detail's in bytes. */
CN_COLD void cn_warn(const char *sentence, const char *detail, size_t length);

/* Always on: for what is cheap and stands at a boundary, and for the checks of cn_*_check. */
#define CN_ASSERT(condition, invariant)                                                                                \
    do {                                                                                                               \
        if (CN_UNLIKELY(!(condition))) {                                                                               \
            cn_panic_invariant(invariant);                                                                             \
        }                                                                                                              \
    } while (0)

#endif
