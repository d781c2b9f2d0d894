#include "text.h"

#include <string.h>

#include "os.h"

void cn_text_flush(struct cn_text *text) {
    if (text->error == 0) {
        text->error = cn_os_write(text->fd, text->bytes, text->length);
    }
    text->length = 0;
}

void cn_text_init(struct cn_text *text, int fd) {
    text->fd = fd;
    text->error = 0;
    text->is_quoted = false;
    text->length = 0;
}

static void put_plain(struct cn_text *text, char c) {
    if (text->length == sizeof text->bytes) {
        if (text->fd == CN_TEXT_NOWHERE) {
            return;
        }
        cn_text_flush(text);
    }
    text->bytes[text->length++] = c;
}

/* As the inside of a string of JSON. Bytes above ASCII stand for the characters of Latin 1 with these numbers: names of
 * files are bytes of no certain encoding. */
static void put_escaped(struct cn_text *text, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        put_plain(text, '\\');
        put_plain(text, (char)c);
    } else if (c == '\n') {
        put_plain(text, '\\');
        put_plain(text, 'n');
    } else if (c >= ' ' && c <= '~') {
        put_plain(text, (char)c);
    } else {
        const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        for (size_t i = 0; i < sizeof escape; i++) {
            put_plain(text, escape[i]);
        }
    }
}

void cn_text_put_char(struct cn_text *text, char c) {
    if (text->is_quoted) {
        put_escaped(text, (unsigned char)c);
    } else {
        put_plain(text, c);
    }
}

void cn_text_quote(struct cn_text *text) {
    put_plain(text, '"');
    text->is_quoted = true;
}

void cn_text_unquote(struct cn_text *text) {
    text->is_quoted = false;
    put_plain(text, '"');
}

void cn_text_put(struct cn_text *text, const char *string) {
    for (; *string != '\0'; string++) {
        cn_text_put_char(text, *string);
    }
}

enum { DIGITS_MAX = 24 };

/* The number's digits, at the end of `digits`; the return value points at the first. */
static const char *digits_of(uint64_t number, unsigned base, char digits[DIGITS_MAX]) {
    char *first = digits + DIGITS_MAX - 1;
    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    return first;
}

void cn_text_put_number(struct cn_text *text, uint64_t number) {
    char digits[DIGITS_MAX];
    cn_text_put(text, digits_of(number, 10, digits));
}

void cn_text_put_hex(struct cn_text *text, uint64_t number) {
    char digits[DIGITS_MAX];
    cn_text_put(text, "0x");
    cn_text_put(text, digits_of(number, 16, digits));
}

void cn_text_put_column(struct cn_text *text, const char *string, int width) {
    int length = (int)strlen(string);
    for (int i = length; i < width; i++) {
        cn_text_put_char(text, ' ');
    }
    cn_text_put(text, string);
    for (int i = length; i < -width; i++) {
        cn_text_put_char(text, ' ');
    }
}

void cn_text_put_number_column(struct cn_text *text, uint64_t number, int width) {
    char digits[DIGITS_MAX];
    cn_text_put_column(text, digits_of(number, 10, digits), width);
}

size_t cn_text_format_number(uint64_t number, char *result) {
    char digits[DIGITS_MAX];
    const char *first = digits_of(number, 10, digits);
    size_t length = strlen(first);
    memcpy(result, first, length); // NOLINT(bugprone-not-null-terminated-result): as said
    return length;
}

int cn_text_fini(struct cn_text *text) {
    cn_text_flush(text);
    return text->error;
}
