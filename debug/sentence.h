/*
 * sentence.h: an incident's kind and its one sentence: the first line of a report. They are stable: programs look for
 * them, and tests pin them down. Where the release form says the same (alloc/misuse.c), it says it in the same words.
 */
#ifndef CN_SENTENCE_H
#define CN_SENTENCE_H

#include "alloc/text.h"
#include "report.h"
#include "where.h"

/* As in AddressSanitizer's vocabulary: `heap-buffer-overflow`. */
const char *cn_sentence_kind(enum cn_kind kind);

/* `where` is what the incident's pointer is; it counts only where there is a pointer. */
void cn_sentence_put(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where);

/* `3 bytes`, `1 byte`. */
void cn_sentence_put_bytes(struct cn_text *text, size_t bytes);

/* `malloc`, `new`, `new[]`: what family a block was asked for by. */
const char *cn_sentence_family(enum cn_asked asked);

#endif
