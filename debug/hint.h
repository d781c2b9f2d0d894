/*
 * hint.h: what an incident looks like to somebody who has seen many: a guess, said as one.
 */
#ifndef CN_HINT_H
#define CN_HINT_H

#include "alloc/text.h"
#include "report.h"
#include "where.h"

/* Puts one sentence, without an end mark, where there is a likely one; else nothing. `where` is what the incident's
 * pointer is. */
void cn_hint_put(struct cn_text *text, const struct cn_incident *incident, const struct cn_where *where);

#endif
