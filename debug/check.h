/*
 * check.h: what the program hands in is looked at before it is believed: is it a live block's start, of the right heap,
 * to be freed like this? Each check reports what is not.
 */
#ifndef CN_CHECK_H
#define CN_CHECK_H

#include "report.h"

/* The live block that starts at `pointer`, of the named heap if there is one, and its record's word. Else a report, of
 * kind `kind_if_freed` where a block started there and was freed, and false. `known` is cn_record_of_user(pointer) when it
 * is called, and the block when it returns. */
bool cn_check_live(struct cairn_heap *heap, const void *pointer, enum cn_kind kind_if_freed, const struct cn_look *look,
                   struct cn_known *known, uint64_t *word);

/* The same without a report. */
bool cn_check_is_live(struct cairn_heap *heap, const void *pointer, struct cn_known *known, uint64_t *word);

/* Whether the block is to be freed by the family of functions, with the size and alignment that the call names. */
void cn_check_family(const struct cn_known *known, uint64_t word, const void *block, enum cn_asked family,
                     const struct cn_look *look);
void cn_check_size(const struct cn_known *known, const void *block, const struct cn_release *release,
                   const struct cn_look *look);

#endif
