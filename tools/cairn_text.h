/*
 * cairn_text.h: strings that the command line tool puts together. All that is returned is the caller's to free. Where
 * there is no memory, the tool ends with a message.
 */
#ifndef CAIRN_TEXT_H
#define CAIRN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Text that grows as it is written to `stream`. */
struct cn_text {
    FILE *stream;
    char *content; /* valid once the stream is closed */
    size_t length;
};

void cn_text_init(struct cn_text *text);

/* Closes the stream and returns what was written. */
char *cn_text_fini(struct cn_text *text);

/* A string as printf makes it. */
__attribute__((format(printf, 1, 2))) char *cn_text_format(const char *format, ...);

/* Tells of an item of a list, given by its address and length, whether the new item takes its place. */
typedef bool cn_text_same_fn(const char *item, size_t length, const char *new_item);

/* The colon-separated list `list` (NULL: empty) without the items whose place `new_item` takes, and with `new_item` at
 * its end. Items of `list` are parted by any of `separators`. */
char *cn_text_list_replace(const char *list, const char *separators, cn_text_same_fn *same, const char *new_item);

#endif
