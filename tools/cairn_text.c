#define _GNU_SOURCE

#include "tools/cairn_text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cairn_say.h"

void cn_text_init(struct cn_text *text) {
    text->stream = open_memstream(&text->content, &text->length);
    if (text->stream == NULL) {
        cn_say_out_of_memory();
    }
}

char *cn_text_fini(struct cn_text *text) {
    if (fclose(text->stream) != 0) {
        cn_say_out_of_memory();
    }
    return text->content;
}

char *cn_text_format(const char *format, ...) {
    char *result;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&result, format, arguments);
    va_end(arguments);
    if (length < 0) {
        cn_say_out_of_memory();
    }
    return result;
}

char *cn_text_list_replace(const char *list, const char *separators, cn_text_same_fn *same, const char *new_item) {
    struct cn_text result;
    cn_text_init(&result);
    const char *item = list == NULL ? "" : list;
    while (*item != '\0') {
        size_t length = strcspn(item, separators);
        if (length > 0 && !same(item, length, new_item)) {
            fprintf(result.stream, "%.*s:", (int)length, item);
        }
        item += length;
        item += strspn(item, separators);
    }
    fputs(new_item, result.stream);
    return cn_text_fini(&result);
}
