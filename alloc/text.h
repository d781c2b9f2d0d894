/*
 * text.h: text put together without allocating: a buffer on the caller's stack that is written to a file descriptor
 * when it is full and at the end. For reports and stats, which must work when nothing else does.
 */
#ifndef CN_TEXT_H
#define CN_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct cn_text {
    int fd;
    int error; /* errno of the first write that failed, else 0 */
    size_t length;
    char bytes[1024];
};

void cn_text_init(struct cn_text *text, int fd);
void cn_text_put(struct cn_text *text, const char *string);
void cn_text_put_char(struct cn_text *text, char c);
void cn_text_put_number(struct cn_text *text, uint64_t number);
void cn_text_put_hex(struct cn_text *text, uint64_t number); /* with 0x */

/* `string`, or `number`, right-aligned in a column of `width` characters, or left-aligned where width is negative. */
void cn_text_put_column(struct cn_text *text, const char *string, int width);
void cn_text_put_number_column(struct cn_text *text, uint64_t number, int width);

/* The number's decimal digits, without an end mark, into `result`, which has room for 20. Returns how many. */
size_t cn_text_format_number(uint64_t number, char *result);

/* Writes what is left. 0, or the errno of the first write that failed. */
int cn_text_fini(struct cn_text *text);

#endif
