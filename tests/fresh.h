/*
 * fresh.h: a region of its own for a child, in which nothing has been taken yet, so that a test knows every count.
 */
#ifndef CAIRN_TESTS_FRESH_H
#define CAIRN_TESTS_FRESH_H

#include "alloc/os.h"
#include "alloc/region.h"
#include "tests/unit.h"

/* The region as it is before cn_region_init. */
static inline void drop_region(void) {
    if (cn_region.base != NULL) {
        char *start = cn_region.heaps - CN_GAP_BYTES;
        char *end = cn_region.base + cn_region.arena_limit * CN_ARENA_BYTES;
        cn_os_unmap(start, (size_t)(end - start));
    }
    memset((void *)&cn_region, 0, sizeof cn_region);
}

/* The region anew, of at most `arenas` arenas, a multiple of CN_GROW_ARENAS; 0: as many as there can be. In a child
 * only. */
static inline void fresh_region(size_t arenas) {
    drop_region();
    cn_region_init();
    MUST(cn_region.base != NULL && arenas % CN_GROW_ARENAS == 0 && arenas <= cn_region.arena_limit);
    cn_region.arena_limit = arenas != 0 ? arenas : cn_region.arena_limit;
}

static inline void map_under_a_limit(void *argument) {
    (void)argument;
    struct rlimit limit = {GIB, GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    MUST(cn_os_map(cn_os_page_bytes(), cn_os_page_bytes()) != NULL);
}

/* Skips the test where a limit of address space leaves nothing to try, as under sanitizers: their own reservations are
 * beyond any limit. */
static inline void need_limits_of_address_space(void) {
    struct child_end end = run_in_child(map_under_a_limit, NULL, 10);
    if (!child_succeeded(&end)) {
        skip();
    }
}

static inline size_t known_arenas(void) { return atomic_load(&cn_region.arena_count); }

#endif
