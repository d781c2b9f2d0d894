/*
 * cairn_log.h: a file to which the debug form writes what it says of a program, in place of the program's standard
 * error: there it could stand in the middle of a line, and a program may have closed it. There is one, for one program
 * at a time.
 */
#ifndef CAIRN_LOG_H
#define CAIRN_LOG_H

#include <stdbool.h>

/* Makes the file; false with errno. `fini` removes it, and so does a signal that ends the tool. */
bool cn_log_init(void);
void cn_log_fini(void);

/* Good as a value of the option log_path. */
const char *cn_log_path(void);

/* Makes the file empty, for the next run. False with errno. */
bool cn_log_empty(void);

/* Writes the lines that begin with Cairn's name to `file`. Those below are left out: addresses in stacks may differ
 * from run to run. False with errno. */
bool cn_log_copy(int file);

#endif
