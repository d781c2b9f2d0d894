/*
 * reported.h: what is printed of a report (cairn.h), against what the callback is told of it.
 */
#ifndef CAIRN_FUZZ_REPORTED_H
#define CAIRN_FUZZ_REPORTED_H

#include "cairn.h"

enum cn_reported_form { CN_REPORTED_TEXT, CN_REPORTED_JSON };

/* What was said since the last look (said.h) must be this report, once, and well formed. */
void cn_reported_expect(const struct cairn_report *report, enum cn_reported_form form);

#endif
