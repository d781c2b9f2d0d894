/*
 * cairn_library.h: where the command line tool finds the shared libraries that it preloads.
 */
#ifndef CAIRN_LIBRARY_H
#define CAIRN_LIBRARY_H

#include <stddef.h>

enum cn_library_form { CN_LIBRARY_RELEASE, CN_LIBRARY_DEBUG };

/* "libcairn.so" or "libcairn-debug.so". */
const char *cn_library_name_of(enum cn_library_form form);

/* The library's absolute path, the caller's to free; NULL where it is in none of the directories that are searched:
 * $CAIRN_LIBRARY_DIR alone if that is set; else the tool's own directory (both in one place), ../lib (installed) and
 * .. (Bazel's output tree). */
char *cn_library_find(enum cn_library_form form);

/* The directories searched, as a phrase for a message; the caller frees it. */
char *cn_library_places(void);

#endif
