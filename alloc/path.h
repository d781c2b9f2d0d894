/*
 * path.h: names of files that options give, in which some letters stand for what is known only when the program runs.
 */
#ifndef CN_PATH_H
#define CN_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* `path` with every %p replaced by the process id, into `result`; false where there is no room for it. */
bool cn_path_expand(const char *path, char *result, size_t room);

#endif
