/*
 * operators.h: what operators.c, replaced.c and new_delete.cc share.
 */
#ifndef CN_OPERATORS_H
#define CN_OPERATORS_H

#include "hooks.h"

/* As C++ has it; C sees the number that it is. */
#ifdef __cplusplus
#include <new>
#define CN_ALIGNMENT std::align_val_t
extern "C" {
#else
#define CN_ALIGNMENT size_t
#endif

/* What Cairn has by the operators' names, which may lead to others: see replaced.h. In new_delete.cc: */
void *cn_operator_new_aligned(size_t size, CN_ALIGNMENT alignment) CN_HIDDEN;
void *cn_operator_new_array_aligned(size_t size, CN_ALIGNMENT alignment) CN_HIDDEN;
/* In operators.c: */
void *cn_operator_new(size_t size) CN_HIDDEN;
void *cn_operator_new_array(size_t size) CN_HIDDEN;
void cn_operator_delete(void *block) CN_HIDDEN;
void cn_operator_delete_array(void *block) CN_HIDDEN;
void cn_operator_delete_aligned(void *block, CN_ALIGNMENT alignment) CN_HIDDEN;
void cn_operator_delete_array_aligned(void *block, CN_ALIGNMENT alignment) CN_HIDDEN;

/* In new_delete.cc: the operator new, or new[], in full; it may call the new-handler, and throws where there is no
 * memory. */
void *cn_operator_new_slow(size_t size, enum cn_asked asked);

#ifdef __cplusplus
}
#endif

#endif
