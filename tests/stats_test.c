/*
 * stats_test.c: the sums of struct cairn_stats hold after any work, heaps add up, high-water marks keep, and the
 * printed forms agree with the struct.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "tests/child.h"

enum { COUNT = 4000 };
static void *blocks[COUNT];

static struct cairn_stats process_stats(void) {
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    return stats;
}

static struct cairn_stats heap_stats(struct cairn_heap *heap) {
    struct cairn_stats stats;
    cairn_heap_stats_get(heap, &stats);
    return stats;
}

static void expect_sums(const struct cairn_stats *stats) {
    uint64_t used_bytes = 0;
    uint64_t free_bytes = 0;
    uint64_t used_count = 0;
    for (size_t i = 0; i < CAIRN_CLASS_COUNT; i++) {
        const struct cairn_class_stats *class = &stats->classes[i];
        used_bytes += class->used_blocks * class->block_bytes;
        free_bytes += class->free_blocks * class->block_bytes;
        used_count += class->used_blocks;
        assert_true(class->pools > 0 || class->used_blocks + class->free_blocks == 0);
    }
    assert_int_equal(stats->block_bytes, stats->span_bytes + used_bytes);
    assert_int_equal(stats->free_bytes, free_bytes);
    assert_int_equal(stats->block_bytes + stats->free_bytes + stats->slack_bytes,
                     stats->pool_bytes + stats->span_bytes);
    assert_true(stats->block_count >= used_count);
    assert_true(stats->span_bytes > 0 || stats->block_count == used_count);
    assert_true(stats->peak_used_bytes >= stats->pool_bytes + stats->span_bytes);
    assert_true(stats->requested_bytes == UINT64_MAX || stats->requested_bytes <= stats->block_bytes);
}

static void expect_process_sums(void) {
    struct cairn_stats stats = process_stats();
    expect_sums(&stats);
    assert_true(stats.pool_bytes + stats.span_bytes <= stats.arena_bytes);
    assert_true(stats.peak_arena_bytes >= stats.arena_bytes);
    assert_true(stats.resident_bytes <= stats.arena_bytes);
    assert_true(stats.heap_count >= 1);
}

static void expect_heap_sums(struct cairn_heap *heap) {
    struct cairn_stats stats = heap_stats(heap);
    expect_sums(&stats);
    assert_int_equal(stats.arena_bytes, 0);
    assert_int_equal(stats.resident_bytes, 0);
    assert_int_equal(stats.purged_bytes, 0);
    assert_int_equal(stats.metadata_bytes, 0);
}

/* ---- the struct ---------------------------------------------------------------------------------------------- */

static void sums_hold_during_random_work(void **state) {
    (void)state;
    uint64_t random = 17;
    for (size_t step = 0; step < 60000; step++) {
        size_t i = random_next(&random) % COUNT;
        if (step % 3 == 0) {
            blocks[i] = cairn_realloc(blocks[i], random_size(&random, 19) + 1);
        } else {
            cairn_free(blocks[i]);
            blocks[i] = step % 5 ? cairn_malloc(random_size(&random, 12)) : cairn_aligned_alloc(256, step);
        }
        assert_non_null(blocks[i]);
        if (step % 500 == 0) {
            expect_process_sums();
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        cairn_free(blocks[i]);
        blocks[i] = NULL;
    }
    expect_process_sums();
    cairn_trim();
    expect_process_sums();
}

static void sums_hold_for_each_named_heap(void **state) {
    (void)state;
    struct cairn_heap *heap = cairn_heap_create("sums", NULL);
    expect_heap_sums(heap);
    assert_int_equal(heap_stats(heap).block_count, 0);
    uint64_t random = 19;
    for (size_t step = 0; step < 20000; step++) {
        size_t i = random_next(&random) % COUNT;
        cairn_heap_free(heap, blocks[i]);
        blocks[i] = cairn_heap_malloc(heap, random_size(&random, 18));
        if (step % 500 == 0) {
            expect_heap_sums(heap);
            expect_process_sums();
        }
    }
    memset(blocks, 0, sizeof blocks);
    cairn_heap_destroy(heap);
    expect_process_sums();
}

static void one_block_more_counts_as_one(void **state) {
    (void)state;
    for (size_t size = 0; size <= 20 * MIB; size += size / 3 + 1) {
        struct cairn_stats before = process_stats();
        void *block = cairn_malloc(size);
        struct cairn_stats after = process_stats();
        assert_int_equal(after.block_count, before.block_count + 1);
        uint64_t bytes = after.block_bytes - before.block_bytes;
        assert_true(bytes >= size && bytes >= cairn_usable_size(block));
        cairn_free(block);
        assert_int_equal(process_stats().block_count, before.block_count);
        assert_int_equal(process_stats().block_bytes, before.block_bytes);
    }
}

static void classes_rise_in_size(void **state) {
    (void)state;
    struct cairn_stats stats = process_stats();
    uint64_t last = 0;
    for (size_t i = 0; i < CAIRN_CLASS_COUNT && stats.classes[i].block_bytes != 0; i++) {
        assert_true(stats.classes[i].block_bytes > last);
        assert_int_equal(stats.classes[i].block_bytes % 16, 0);
        last = stats.classes[i].block_bytes;
    }
    assert_true(last >= 16);
}

static void high_water_marks_keep(void **state) {
    (void)state;
    void *block = cairn_malloc(50 * MIB);
    struct cairn_stats high = process_stats();
    assert_true(high.peak_used_bytes >= 50 * MIB && high.peak_arena_bytes >= 50 * MIB);
    cairn_free(block);
    cairn_trim();
    struct cairn_stats low = process_stats();
    assert_int_equal(low.peak_used_bytes, high.peak_used_bytes);
    assert_true(low.peak_arena_bytes >= high.peak_arena_bytes);
    assert_true(low.pool_bytes + low.span_bytes + 50 * MIB <= high.pool_bytes + high.span_bytes);
}

static void named_heaps_are_counted(void **state) {
    (void)state;
    uint64_t before = process_stats().heap_count;
    struct cairn_heap *one = cairn_heap_create("one", NULL);
    struct cairn_heap *two = cairn_heap_create("two", NULL);
    assert_int_equal(process_stats().heap_count, before + 2);
    cairn_heap_destroy(one);
    cairn_heap_destroy(two);
    assert_int_equal(process_stats().heap_count, before);
}

/* ---- the printed forms --------------------------------------------------------------------------------------- */

static char printed[64 * 1024];

static void print_to_buffer(int (*print)(int fd)) {
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(print(fileno(file)), 0);
    ssize_t length = pread(fileno(file), printed, sizeof printed - 1, 0);
    assert_true(length > 0);
    printed[length] = '\0';
    fclose(file);
}

/* What follows the key, after colon and blanks. */
static const char *printed_value(const char *name) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\"", name);
    const char *at = strstr(printed, key);
    assert_non_null(at);
    return at + strlen(key) + strspn(at + strlen(key), ": \n");
}

static uint64_t printed_field(const char *name) {
    const char *value = printed_value(name);
    assert_in_range(value[0], '0', '9');
    return strtoull(value, NULL, 10);
}

static void json_holds_every_field(void **state) {
    (void)state;
    static const char *const fields[] = {
        "block_count",     "block_bytes",      "free_bytes",     "slack_bytes",  "pool_bytes",
        "span_bytes",      "arena_bytes",      "resident_bytes", "purged_bytes", "metadata_bytes",
        "peak_used_bytes", "peak_arena_bytes", "heap_count",     "budget_bytes", "pid"};
    print_to_buffer(cairn_stats_print_json);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        printed_field(fields[i]);
    }
    const char *version = printed_value("version");
    assert_int_equal(strncmp(version, "\"" CAIRN_VERSION "\"", strlen(CAIRN_VERSION) + 2), 0);
    assert_int_equal(printed_value("classes")[0], '[');
    const char *requested = printed_value("requested_bytes");
    assert_true(strncmp(requested, "null", 4) == 0 || strspn(requested, "0123456789") > 0);
    assert_int_equal(printed_field("pid"), getpid());
}

static void json_agrees_with_the_struct(void **state) {
    (void)state;
    void *block = cairn_malloc(3 * MIB);
    struct cairn_heap *heap = cairn_heap_create("json", NULL);
    print_to_buffer(cairn_stats_print_json);
    struct cairn_stats stats = process_stats();
    assert_int_equal(printed_field("heap_count"), stats.heap_count);
    assert_true(printed_field("span_bytes") >= 3 * MIB);
    assert_true(printed_field("peak_used_bytes") >= printed_field("pool_bytes") + printed_field("span_bytes"));
    assert_int_equal(printed_field("block_bytes") + printed_field("free_bytes") + printed_field("slack_bytes"),
                     printed_field("pool_bytes") + printed_field("span_bytes"));
    cairn_heap_destroy(heap);
    cairn_free(block);
}

static void text_has_lines(void **state) {
    (void)state;
    print_to_buffer(cairn_stats_print);
    assert_non_null(strchr(printed, '\n'));
    assert_int_equal(printed[strlen(printed) - 1], '\n');
}

static void print_to_a_bad_descriptor_fails_as_write_does(void **state) {
    (void)state;
    errno = 0;
    assert_int_equal(cairn_stats_print(-1), -1);
    assert_int_equal(errno, EBADF);
    errno = 0;
    assert_int_equal(cairn_stats_print_json(-1), -1);
    assert_int_equal(errno, EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_hold_during_random_work),
        cmocka_unit_test(sums_hold_for_each_named_heap),
        cmocka_unit_test(one_block_more_counts_as_one),
        cmocka_unit_test(classes_rise_in_size),
        cmocka_unit_test(high_water_marks_keep),
        cmocka_unit_test(named_heaps_are_counted),
        cmocka_unit_test(json_holds_every_field),
        cmocka_unit_test(json_agrees_with_the_struct),
        cmocka_unit_test(text_has_lines),
        cmocka_unit_test(print_to_a_bad_descriptor_fails_as_write_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
