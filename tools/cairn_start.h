/*
 * cairn_start.h: how a program is started on Cairn. `command` is the subcommand's name, for messages.
 */
#ifndef CAIRN_START_H
#define CAIRN_START_H

#include "tools/cairn_library.h"

/* The path of the library to preload, the caller's to free; NULL after a message. */
char *cn_start_library(const char *command, enum cn_library_form form);

/* Says so where the library will have no effect on the program. */
void cn_start_warn(const char *command, const char *program);

/* Puts the library into LD_PRELOAD, before which what is there stays, and the settings (NULL: none) into CAIRN_OPTIONS.
 * 0, or
 * -1 with errno set. */
int cn_start_export(const char *library, const char *settings);

/* Becomes the program. Returns the exit status for a failure, after a message. */
int cn_start_execute(const char *command, char **program);

#endif
