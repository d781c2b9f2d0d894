/*
 * text_test.c: text put together without allocating (text.h): numbers against printf, columns, texts longer than the
 * buffer, descriptors that cannot be written, and the reports and warnings made of it (panic.h).
 */
#define _GNU_SOURCE
#include "alloc/text.h"

#include <sys/mman.h>

#include "alloc/panic.h"
#include "tests/child.h"

static const uint64_t numbers[] = {
    0,
    1,
    7,
    9,
    10,
    11,
    99,
    100,
    12345,
    65536,
    UINT32_MAX,
    UINT64_C(1) << 32,
    UINT64_C(9999999999999999999),
    UINT64_C(10000000000000000000),
    UINT64_MAX - 1,
    UINT64_MAX,
};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

/* A file in memory, with a text that writes to it. */
struct sheet {
    int fd;
    struct cn_text text;
    char content[16384];
};

static void open_sheet(struct sheet *sheet) {
    sheet->fd = memfd_create("sheet", MFD_CLOEXEC);
    assert_true(sheet->fd >= 0);
    cn_text_init(&sheet->text, sheet->fd);
}

/* Ends the text; `content` is what was written, and its length is returned. */
static size_t read_sheet(struct sheet *sheet) {
    assert_int_equal(cn_text_fini(&sheet->text), 0);
    ssize_t length = pread(sheet->fd, sheet->content, sizeof sheet->content - 1, 0);
    assert_true(length >= 0);
    sheet->content[length] = '\0';
    close(sheet->fd);
    return (size_t)length;
}

static void strings_and_characters_come_out_in_order(void **state) {
    (void)state;
    struct sheet sheet;
    open_sheet(&sheet);
    cn_text_put(&sheet.text, "pool");
    cn_text_put_char(&sheet.text, ' ');
    cn_text_put(&sheet.text, "");
    cn_text_put(&sheet.text, "of blocks");
    read_sheet(&sheet);
    assert_string_equal(sheet.content, "pool of blocks");
}

static void text_that_nothing_was_put_into_writes_nothing(void **state) {
    (void)state;
    struct sheet sheet;
    open_sheet(&sheet);
    assert_int_equal(read_sheet(&sheet), 0);
}

static void numbers_are_written_as_printf_writes_them(void **state) {
    (void)state;
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        struct sheet sheet;
        char expected[64];
        char digits[20];
        open_sheet(&sheet);
        cn_text_put_number(&sheet.text, numbers[i]);
        cn_text_put_char(&sheet.text, ' ');
        cn_text_put_hex(&sheet.text, numbers[i]);
        read_sheet(&sheet);
        snprintf(expected, sizeof expected, "%llu 0x%llx", (unsigned long long)numbers[i],
                 (unsigned long long)numbers[i]);
        assert_string_equal(sheet.content, expected);
        size_t length = cn_text_format_number(numbers[i], digits);
        assert_int_equal(length, (size_t)snprintf(expected, sizeof expected, "%llu", (unsigned long long)numbers[i]));
        assert_memory_equal(digits, expected, length);
    }
}

static void formatted_number_keeps_to_its_twenty_places(void **state) {
    (void)state;
    char places[24];
    memset(places, '#', sizeof places);
    assert_int_equal(cn_text_format_number(UINT64_MAX, places), 20);
    assert_memory_equal(places, "18446744073709551615####", sizeof places);
}

static void columns_are_padded_on_the_side_that_the_sign_tells(void **state) {
    (void)state;
    static const char *const words[] = {"", "a", "heap", "twelve chars", "longer than any column here"};
    for (int width = -20; width <= 20; width++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            struct sheet sheet;
            char expected[128];
            open_sheet(&sheet);
            cn_text_put_column(&sheet.text, words[i], width);
            cn_text_put_char(&sheet.text, '|');
            cn_text_put_number_column(&sheet.text, numbers[i], width);
            read_sheet(&sheet);
            snprintf(expected, sizeof expected, "%*s|%*llu", width, words[i], width, (unsigned long long)numbers[i]);
            assert_string_equal(sheet.content, expected);
        }
    }
}

static void text_longer_than_the_buffer_is_written_whole(void **state) {
    (void)state;
    for (size_t length = 1000; length <= 4200; length = length < 1030 ? length + 1 : length + 397) {
        struct sheet sheet;
        open_sheet(&sheet);
        for (size_t i = 0; i < length; i++) {
            cn_text_put_char(&sheet.text, (char)('a' + i % 23));
        }
        assert_int_equal(read_sheet(&sheet), length);
        for (size_t i = 0; i < length; i++) {
            assert_int_equal(sheet.content[i], (char)('a' + i % 23));
        }
    }
}

static void first_failure_to_write_is_kept(void **state) {
    (void)state;
    struct cn_text text;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    cn_text_init(&text, full);
    for (unsigned i = 0; i < 3000; i++) {
        cn_text_put_char(&text, 'x');
    }
    assert_int_equal(text.error, ENOSPC);
    close(full);
    assert_int_equal(cn_text_fini(&text), ENOSPC);
    cn_text_init(&text, -1);
    cn_text_put(&text, "nowhere");
    errno = 1789;
    assert_int_equal(cn_text_fini(&text), EBADF);
    assert_int_equal(errno, 1789);
}

static void text_that_failed_writes_no_more(void **state) {
    (void)state;
    struct sheet sheet;
    open_sheet(&sheet);
    sheet.text.error = EIO;
    cn_text_put(&sheet.text, "after a failure");
    assert_int_equal(cn_text_fini(&sheet.text), EIO);
    assert_int_equal(lseek(sheet.fd, 0, SEEK_END), 0);
    close(sheet.fd);
}

/* ---- panic.h ------------------------------------------------------------------------------------------------- */

static void assert_that_fails(void *argument) { CN_ASSERT(*(const int *)argument == 0, "X1: a name and a sentence"); }

static void broken_invariant_is_named_and_aborts(void **state) {
    (void)state;
    int broken = 1;
    int whole = 0;
    struct child_end end = run_in_child(assert_that_fails, &broken, 10);
    expect_abort(&end, "cairn: ERROR: broken-invariant: X1: a name and a sentence\n");
    end = run_in_child(assert_that_fails, &whole, 10);
    expect_success(&end);
    assert_string_equal(end.text, "");
}

static void report_that_is_ignored(void *argument) {
    (void)argument;
    struct cn_text text;
    signal(SIGABRT, SIG_IGN);
    cn_panic_start(&text, "bad-free");
    cn_text_put(&text, "free of ");
    cn_text_put_hex(&text, 0xabc0);
    cn_panic_stop(&text);
}

static void report_ends_the_process_even_where_the_signal_is_ignored(void **state) {
    (void)state;
    struct child_end end = run_in_child(report_that_is_ignored, NULL, 10);
    expect_abort(&end, "cairn: ERROR: bad-free: free of 0xabc0\n");
}

static void warn_of_a_detail(void *argument) {
    (void)argument;
    cn_warn("unknown thing", "wrong and more", 5);
}

static void warning_quotes_as_much_of_the_detail_as_it_was_told(void **state) {
    (void)state;
    struct child_end end = run_in_child(warn_of_a_detail, NULL, 10);
    expect_success(&end);
    assert_string_equal(end.text, "cairn: WARNING: unknown thing: wrong\n");
}

static void quoted_text_is_a_string_of_json(void **state) {
    struct cn_text text;
    (void)state;
    cn_text_init(&text, CN_TEXT_NOWHERE);
    cn_text_quote(&text);
    cn_text_put(&text, "a \"b\" \\ c\n\t\xe9");
    cn_text_put_number(&text, 7);
    cn_text_unquote(&text);
    cn_text_put(&text, "\"");
    cn_text_put_char(&text, '\0');
    assert_string_equal(text.bytes, "\"a \\\"b\\\" \\\\ c\\n\\u0009\\u00e97\"\"");
}

static void text_that_goes_nowhere_keeps_its_beginning(void **state) {
    struct cn_text text;
    (void)state;
    cn_text_init(&text, CN_TEXT_NOWHERE);
    cn_text_put(&text, "first");
    for (size_t i = 0; i < 2 * sizeof text.bytes; i++) {
        cn_text_put_char(&text, 'x');
    }
    assert_int_equal(text.length, sizeof text.bytes);
    assert_memory_equal(text.bytes, "firstx", 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_and_characters_come_out_in_order),
        cmocka_unit_test(text_that_nothing_was_put_into_writes_nothing),
        cmocka_unit_test(numbers_are_written_as_printf_writes_them),
        cmocka_unit_test(formatted_number_keeps_to_its_twenty_places),
        cmocka_unit_test(columns_are_padded_on_the_side_that_the_sign_tells),
        cmocka_unit_test(text_longer_than_the_buffer_is_written_whole),
        cmocka_unit_test(first_failure_to_write_is_kept),
        cmocka_unit_test(text_that_failed_writes_no_more),
        cmocka_unit_test(quoted_text_is_a_string_of_json),
        cmocka_unit_test(text_that_goes_nowhere_keeps_its_beginning),
        cmocka_unit_test(broken_invariant_is_named_and_aborts),
        cmocka_unit_test(report_ends_the_process_even_where_the_signal_is_ignored),
        cmocka_unit_test(warning_quotes_as_much_of_the_detail_as_it_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
