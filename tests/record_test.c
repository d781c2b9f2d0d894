/*
 * record_test.c: what the debug form knows of addresses (record.h) where the region has a hole.
 */
#define _GNU_SOURCE
#include "debug/record.h"

#include <sys/mman.h>

#include "alloc/cairn.h"
#include "alloc/span.h"
#include "tests/child.h"

enum { SPAN_BYTES = 8 << 20, DIRECT_BYTES = 61440 };

/* As where a realloc by moving pages has unmapped its target, and the system refuses to map it again. */
static char *lose_a_span(void) {
    char *block = cairn_malloc(SPAN_BYTES);
    MUST(block != NULL);
    struct cn_known known = cn_record_around(block);
    MUST(known.kind == CN_BLOCK_SPAN);
    cn_span_lose(cn_slot_of_granule(cn_granule_of(known.core)));
    MUST(munmap(known.core, known.core_bytes) == 0);
    return known.core;
}

static void put_a_direct_block_there(void *argument) {
    (void)argument;
    char *hole = lose_a_span();
    char *core = hole + SPAN_BYTES / 2 + CN_SLOT_BYTES / 2;
    MUST(mmap(core, DIRECT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == core);
    MUST(cn_record_add_direct(core, DIRECT_BYTES));
    struct cn_known known = cn_record_of_core(core);
    MUST(known.kind == CN_BLOCK_DIRECT && known.core == core && known.core_bytes == DIRECT_BYTES);
    cn_record_forget_direct(core);
    known = cn_record_of_core(core);
    MUST(known.kind == CN_BLOCK_NONE);
}

static void direct_block_in_a_hole_of_the_region_is_known(void **state) {
    (void)state;
    struct child_end end = run_in_child(put_a_direct_block_there, NULL, 20);
    expect_success(&end);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_block_in_a_hole_of_the_region_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
