#include "leak_group.h"

#include "alloc/os.h"

static size_t mapping_bytes(const struct cn_leak_groups *groups) {
    return cn_round_up(groups->room * sizeof *groups->groups, cn_os_page_bytes());
}

bool cn_leak_group_init(struct cn_leak_groups *groups, size_t blocks) {
    groups->room = cn_power_of_two_above(2 * cn_max(blocks, 1));
    groups->count = 0;
    groups->groups = (struct cn_leak_group *)(void *)cn_os_map(mapping_bytes(groups), cn_os_page_bytes());
    return groups->groups != NULL;
}

void cn_leak_group_fini(struct cn_leak_groups *groups) {
    if (groups->groups != NULL) {
        cn_os_unmap(groups->groups, mapping_bytes(groups));
        groups->groups = NULL;
    }
}

/* Multiplicative hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4. */
static size_t home_of(const struct cn_leak_groups *groups, uint32_t stack, enum cn_leak_way way) {
    return (size_t)((((uint64_t)stack << 1 | way) * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (groups->room - 1);
}

/* The group of the stack, or a free entry for it: half of the room at least is free. */
static struct cn_leak_group *find(struct cn_leak_groups *groups, uint32_t stack, enum cn_leak_way way) {
    for (size_t i = home_of(groups, stack, way);; i = (i + 1) & (groups->room - 1)) {
        struct cn_leak_group *group = &groups->groups[i];
        if (group->blocks == 0 || (group->stack == stack && group->is_indirect == (way == CN_LEAK_INDIRECT))) {
            return group;
        }
    }
}

void cn_leak_group_add(struct cn_leak_groups *groups, const struct cn_known *known, const struct cn_facts *facts,
                       enum cn_leak_way way) {
    struct cn_leak_group *group = find(groups, facts->alloc_stack, way);
    if (group->blocks == 0) {
        group->stack = facts->alloc_stack;
        group->is_indirect = way == CN_LEAK_INDIRECT;
        groups->count++;
    }
    if (group->blocks == 0 || facts->serial < group->facts.serial) {
        group->first = *known;
        group->facts = *facts;
    }
    group->blocks++;
    group->bytes += facts->size_bytes;
}

/* ---- order --------------------------------------------------------------------------------------------------- */

static bool comes_before(const struct cn_leak_group *a, const struct cn_leak_group *b) {
    if (a->is_indirect != b->is_indirect) {
        return b->is_indirect;
    }
    return a->bytes != b->bytes ? a->bytes > b->bytes : a->facts.serial < b->facts.serial;
}

static void swap(struct cn_leak_group *a, struct cn_leak_group *b) {
    struct cn_leak_group kept = *a;
    *a = *b;
    *b = kept;
}

/* Makes [root, count) a heap again whose root alone may be in the wrong place: the last in order is at its top. */
static void sift(struct cn_leak_group *groups, size_t root, size_t count) {
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && comes_before(&groups[child], &groups[child + 1])) {
            child++;
        }
        if (!comes_before(&groups[root], &groups[child])) {
            return;
        }
        swap(&groups[root], &groups[child]);
        root = child;
    }
}

/* The entries in use move to the front. */
static void compact(struct cn_leak_groups *groups) {
    size_t used = 0;
    for (size_t i = 0; i < groups->room && used < groups->count; i++) {
        if (groups->groups[i].blocks != 0) {
            groups->groups[used++] = groups->groups[i];
        }
    }
}

void cn_leak_group_sort(struct cn_leak_groups *groups) {
    compact(groups);
    for (size_t i = groups->count / 2; i > 0; i--) {
        sift(groups->groups, i - 1, groups->count);
    }
    for (size_t end = groups->count; end > 1; end--) {
        swap(&groups->groups[0], &groups->groups[end - 1]);
        sift(groups->groups, 0, end - 1);
    }
}
