/*
 * text.h: text put together without allocating: a buffer on the caller's stack that is written to a file descriptor
 * when it is full and at the end. For reports and stats, which must work when nothing else does.
 */
#ifndef CN_TEXT_H
#define CN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_TEXT_BYTES = 1024, CN_TEXT_NOWHERE = -1 };

struct cn_text {
    int fd;
    int error;      /* errno of the first write that failed, else 0 */
    bool is_quoted; /* by cn_text_quote */
    size_t length;
    char bytes[CN_TEXT_BYTES];
};

/* With CN_TEXT_NOWHERE in place of a descriptor, the text is kept in `bytes`, where the caller finds it: as much as
 * fits, `length` bytes without an end mark. */
void cn_text_init(struct cn_text *text, int fd);
void cn_text_put(struct cn_text *text, const char *string);
void cn_text_put_char(struct cn_text *text, char c);
void cn_text_put_number(struct cn_text *text, uint64_t number);
void cn_text_put_hex(struct cn_text *text, uint64_t number); /* with 0x */

/* `string`, or `number`, right-aligned in a column of `width` characters, or left-aligned where width is negative. */
void cn_text_put_column(struct cn_text *text, const char *string, int width);
void cn_text_put_number_column(struct cn_text *text, uint64_t number, int width);

/* From here to cn_text_unquote all that is put becomes one string of JSON, quotation marks included. */
void cn_text_quote(struct cn_text *text);
void cn_text_unquote(struct cn_text *text);

/* The number's decimal digits, without an end mark, into `result`, which has room for 20. Returns how many. */
size_t cn_text_format_number(uint64_t number, char *result);

/* Writes what there is so far. */
void cn_text_flush(struct cn_text *text);

/* Writes what is left. 0, or the errno of the first write that failed. */
int cn_text_fini(struct cn_text *text);

#endif
