/*
 * operators.h: what operators.c and new_delete.cc share.
 */
#ifndef CN_OPERATORS_H
#define CN_OPERATORS_H

#include "hooks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In new_delete.cc: the operator new, or new[], in full; it may call the new-handler, and throws where there is no
 * memory. */
void *cn_operator_new_slow(size_t size, enum cn_asked asked);

#ifdef __cplusplus
}
#endif

#endif
