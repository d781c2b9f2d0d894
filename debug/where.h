/*
 * where.h: what any pointer is: which block's start, inside, or surroundings; else what else lies there.
 *
 * What is said of the heap comes from the core's tables and the records, of other addresses from the system's maps.
 * Callers are those of maps.h.
 */
#ifndef CN_WHERE_H
#define CN_WHERE_H

#include "alloc/text.h"
#include "maps.h"
#include "record.h"

enum cn_where_kind {
    /* With a block: `known` and `facts` are its. */
    CN_WHERE_START,  /* offset 0 */
    CN_WHERE_INSIDE, /* `offset` bytes in */
    CN_WHERE_BEFORE, /* in the head: `offset` bytes before its start */
    CN_WHERE_BEHIND, /* in the tail: `offset` bytes past its end */

    /* In the region, without one. */
    CN_WHERE_FRESH, /* in a pool, whose blocks here were never handed out */
    CN_WHERE_SLACK, /* at the end of a pool, too short for a block */
    CN_WHERE_FREE,  /* no pool's or span's now */

    /* Elsewhere. */
    CN_WHERE_TABLES, /* Cairn's own, and the gaps around them */
    CN_WHERE_NULL,   /* the first page */
    CN_WHERE_STACK,  /* of `thread`; 0: of one that Cairn does not know */
    CN_WHERE_CODE,   /* `mapping` is the module's */
    CN_WHERE_GLOBAL, /* a module's data */
    CN_WHERE_FILE,   /* a file that is mapped, and no module */
    CN_WHERE_MAPPED, /* memory that somebody else has mapped */
    CN_WHERE_UNMAPPED,
};

struct cn_where {
    enum cn_where_kind kind;
    const void *pointer;
    struct cn_known known;
    struct cn_facts facts;
    size_t offset;
    size_t block_bytes; /* of the pool's blocks: CN_WHERE_FRESH, CN_WHERE_SLACK */
    unsigned thread;
    struct cn_mapping mapping; /* from CN_WHERE_STACK to CN_WHERE_MAPPED */
};

void cn_where_find(const void *pointer, struct cn_where *where);

/* As cn_where_find for a block that the caller knows already, with its facts at an earlier moment. */
void cn_where_in_block(const void *pointer, const struct cn_known *known, const struct cn_facts *facts,
                       struct cn_where *where);

/* Puts a clause that goes on after "it lies " or the like: `16 bytes inside a block of 100 bytes`. */
void cn_where_put(struct cn_text *text, const struct cn_where *where);

/* One word for the kind, for a program that reads it: `inside`, `stack`. */
const char *cn_where_word(const struct cn_where *where);

/* Where the program's bytes of the block start. */
CN_INLINE char *cn_where_user(const struct cn_known *known, const struct cn_facts *facts) {
    return known->core + facts->head_bytes;
}

/* Whether the block is not the program's any more. */
CN_INLINE bool cn_where_is_freed(const struct cn_facts *facts) {
    return facts->state == CN_RECORD_QUARANTINED || facts->state == CN_RECORD_FREE;
}

#endif
