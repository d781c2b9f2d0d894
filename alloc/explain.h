/*
 * explain.h: what the public functions about reports ask of the debug form (debug/describe.c), beside the seam of
 * hooks.h. The release form has none of it.
 */
#ifndef CN_EXPLAIN_H
#define CN_EXPLAIN_H

#include "cairn.h"

void cn_debug_describe(const void *pointer);
size_t cn_debug_leaks(void);
void cn_debug_set_report_callback(cairn_report_fn *callback, void *argument);

#endif
