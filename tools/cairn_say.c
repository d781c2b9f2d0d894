#include "tools/cairn_say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/cairn_command.h"

static void say(const char *format, va_list arguments) {
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cn_say_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void cn_say_hint(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void cn_say_out_of_memory(void) {
    cn_say_error("cairn: out of memory");
    exit(CN_EXIT_RUN_FAILED);
}
