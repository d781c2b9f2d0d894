/*
 * check.h: what the program hands in is looked at before it is believed: is it a live block's start, of the right heap,
 * to be freed like this? Each check reports what is not.
 */
#ifndef CN_CHECK_H
#define CN_CHECK_H

#include "report.h"

/* Whether the block is live and its program's bytes start at `pointer`; its record's word. */
CN_INLINE bool cn_check_is_live_at(const struct cn_known *known, const void *pointer, uint64_t *word) {
    *word = known->kind != CN_BLOCK_NONE ? cn_record_load(known->record) : 0;
    return known->kind != CN_BLOCK_NONE && cn_record_state_of(*word) == CN_RECORD_LIVE &&
           known->core + cn_record_head_of(*word) == pointer;
}

/* As below, where it is not so simple. */
bool cn_check_live_slowly(struct cairn_heap *heap, const void *pointer, enum cn_kind kind_if_freed,
                          const struct cn_look *look, struct cn_known *known, uint64_t *word);

/* The live block that starts at `pointer`, of the named heap if there is one, and its record's word. Else a report,
 * of kind `kind_if_freed` where a block started there and was freed, and false. `known` is that of
 * cn_record_find_user(pointer) when it is called, and the block when it returns. */
CN_INLINE bool cn_check_live(struct cairn_heap *heap, const void *pointer, enum cn_kind kind_if_freed,
                             const struct cn_look *look, struct cn_known *known, uint64_t *word) {
    return CN_LIKELY(heap == NULL && cn_check_is_live_at(known, pointer, word)) ||
           cn_check_live_slowly(heap, pointer, kind_if_freed, look, known, word);
}

/* The same without a report. */
bool cn_check_is_live(struct cairn_heap *heap, const void *pointer, struct cn_known *known, uint64_t *word);

/* Whether the block was taken by the family of functions that is to free it. False also where that is right
 * nevertheless (operator_copy.h), and else reported; what else the call names is to be compared with nothing then. */
bool cn_check_family(const struct cn_known *known, uint64_t word, const void *block, enum cn_asked family,
                     const struct cn_look *look);
/* The size and alignment that the call names. */
void cn_check_named_size(const struct cn_known *known, uint64_t word, const void *block,
                         const struct cn_release *release, const struct cn_look *look);
CN_INLINE void cn_check_size(const struct cn_known *known, uint64_t word, const void *block,
                             const struct cn_release *release, const struct cn_look *look) {
    if (CN_UNLIKELY(release->size != CN_ANY_SIZE || release->alignment != 0 ||
                    cn_record_head_of(word) > CN_RECORD_USUAL_HEAD_BYTES)) {
        cn_check_named_size(known, word, block, release, look);
    }
}

#endif
