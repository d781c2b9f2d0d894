/*
 * leak_group.h: lost blocks, put together by where they were allocated. Its memory is a mapping of its own.
 */
#ifndef CN_LEAK_GROUP_H
#define CN_LEAK_GROUP_H

#include "record.h"

struct cn_leak_group {
    size_t blocks; /* 0: the entry is free */
    size_t bytes;
    uint32_t stack;
    bool is_indirect; /* another lost block points to each of them */
    bool is_suppressed;
    struct cn_known first; /* one of them: that with the lowest serial number ... */
    struct cn_facts facts; /* ... and what is known of it */
};

struct cn_leak_groups {
    struct cn_leak_group *groups;
    size_t room;  /* a power of two, twice as many as there can be groups */
    size_t count; /* once they are sorted, the first so many are in use */
};

/* Room for the groups of so many blocks; false where there is no memory. */
bool cn_leak_group_init(struct cn_leak_groups *groups, size_t blocks);
void cn_leak_group_fini(struct cn_leak_groups *groups);

enum cn_leak_way { CN_LEAK_DIRECT, CN_LEAK_INDIRECT };
void cn_leak_group_add(struct cn_leak_groups *groups, const struct cn_known *known, const struct cn_facts *facts,
                       enum cn_leak_way way);

/* Those of direct leaks first, then by bytes. Nothing can be added afterwards. */
void cn_leak_group_sort(struct cn_leak_groups *groups);

#endif
