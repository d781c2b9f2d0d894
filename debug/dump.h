/*
 * dump.h: the bytes around a place in the heap, as a person looks at them: rows of sixteen, those that are not what
 * they should be marked, and what they should be.
 *
 * Any memory can be asked for: what cannot be read is shown as such.
 */
#ifndef CN_DUMP_H
#define CN_DUMP_H

#include "alloc/text.h"
#include "record.h"

struct cn_dump {
    const char *focus;  /* the first byte that matters ... */
    size_t focus_bytes; /* ... and how many */
    const char *origin; /* offsets count from here: where the program's block starts; NULL: none are shown */
    enum cn_dump_marks { CN_DUMP_MARKS_DAMAGE, CN_DUMP_MARKS_NOTHING } marks;
};

void cn_dump_put(struct cn_text *text, const struct cn_dump *dump);

/* What the byte should be, where Cairn knows: a canary, or the fill of a block that is not live. */
bool cn_dump_expected(const char *address, unsigned char *expected);

#endif
