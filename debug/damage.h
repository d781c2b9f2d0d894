/*
 * damage.h: finds bytes that are not what they should be, decides whose fault that is, and reports it.
 *
 * Each check reports what it finds, and returns true where the block was damaged and the process goes on nevertheless.
 * A check of a block that the caller does not own is void when the record has changed meanwhile: nothing is reported.
 *
 * Whose fault: wrong bytes right behind a block's end, or anywhere in its tail, are its overflow; in its head, its
 * underflow, unless the live block before it ends nearer; in a block that is not live, writes after its free, unless they
 * start in its head and the live block before it ends nearer; in memory that a pool is to hand out next, an overflow of
 * the last block before it. Where they go on from the end of one block into the next, all are the first one's. What lies
 * farther off is unowned.h's.
 */
#ifndef CN_DAMAGE_H
#define CN_DAMAGE_H

#include "alloc/os.h"
#include "canary.h"
#include "record.h"
#include "report.h"

/* What of it is wrong; for what is below. */
bool cn_damage_find_live(const struct cn_known *known, uint64_t word, const struct cn_look *look);
bool cn_damage_find_freed(const struct cn_known *known, uint64_t word, const struct cn_look *look);

/* The canaries of a live block, whose record's word is `word`. */
CN_INLINE bool cn_damage_check_live(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    char *user = known->core + cn_record_head_of(word);
    const char *tail = user + cn_record_size(known->record);
    bool is_whole = (cn_record_marks_of(word) & (CN_MARK_SEALED | CN_MARK_FENCED)) == 0 &&
                    cn_record_head_of(word) <= CN_RECORD_HEAD_CANARIES_MAX &&
                    cn_canary_is_whole_around(cn_record_canaries(known, cn_record_head_of(word)), user, tail,
                                              known->core + known->core_bytes);
    return CN_UNLIKELY(!is_whole) && cn_damage_find_live(known, word, look);
}

/* Whether the second block comes right behind the first in one pool: where the bytes of one can be read, so can the other's,
 * as a pool is hidden only while none of its blocks is in use (hiding.h). */
CN_INLINE bool cn_damage_is_next(const struct cn_known *first, const struct cn_known *second) {
    return first->kind == CN_BLOCK_POOL && second->kind == CN_BLOCK_POOL && first->record + 1 == second->record;
}

/* The head of the live block behind a live one, in its pool, which is about to be freed: what is wrong there may be its
 * overflow, and would be taken for an underflow later. */
CN_INLINE bool cn_damage_check_behind(const struct cn_known *known, const struct cn_look *look) {
    struct cn_known next;
    if (known->kind != CN_BLOCK_POOL) {
        return false;
    }
    cn_record_find_core(known->core + known->core_bytes, &next);
    uint64_t word = cn_damage_is_next(known, &next) ? cn_record_load(next.record) : 0;
    if (cn_record_state_of(word) != CN_RECORD_LIVE) {
        return false;
    }
    char *user = next.core + cn_record_head_of(word);
    bool is_whole = cn_record_head_of(word) <= CN_RECORD_HEAD_CANARIES_MAX &&
                    cn_canary_is_whole_around(cn_record_canaries(&next, cn_record_head_of(word)), user, user, user);
    return CN_UNLIKELY(!is_whole) && cn_damage_find_live(&next, word, look);
}

/* The fill of a block that is free, quarantined, or about to be handed out. */
CN_INLINE bool cn_damage_check_freed(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    return cn_fill_freed >= 0 &&
           CN_UNLIKELY(cn_fill_check(known->core, known->core + known->core_bytes, (unsigned char)cn_fill_freed) !=
                       NULL) &&
           cn_damage_find_freed(known, word, look);
}

/* Reports damage [first, end) in what was never handed out, from `from` on, behind the block before. */
void cn_damage_report_fresh(const char *from, const char *first, const char *end, const struct cn_look *look);

/* The fill of [from, to), behind the block before `from`, never handed out. */
bool cn_damage_check_fresh(const char *from, const char *to, const struct cn_look *look);

#endif
