/*
 * cairn_say.h: how the command line tool speaks on standard error.
 */
#ifndef CAIRN_SAY_H
#define CAIRN_SAY_H

/* One line that says what is wrong. `format` starts with the command's name. */
__attribute__((format(printf, 1, 2))) void cn_say_error(const char *format, ...);

/* A further line, for what the user can do about it. */
__attribute__((format(printf, 1, 2))) void cn_say_hint(const char *format, ...);

/* Says so, and ends the tool. */
_Noreturn void cn_say_out_of_memory(void);

#endif
