/*
 * suppress.h: leaks that are known and not to be reported: a file of patterns, one a line, such as
 *
 *     # fontconfig keeps its cache
 *     leak:FcConfig*Init
 *
 * A pattern fits a leak where it occurs in the name of a function, source file or module of its allocation stack: `*`
 * stands for anything, `^` and `$` for the name's start and end. The word `leak:` may be left out. Files for
 * LeakSanitizer are of this form.
 */
#ifndef CN_SUPPRESS_H
#define CN_SUPPRESS_H

#include "alloc/bits.h"

/* Reads the file, in memory of its own; false where it cannot be read. `fini` in any case. */
bool cn_suppress_init(const char *path);
void cn_suppress_fini(void);

/* Whether a line of the file fits the name. False where none was read. */
bool cn_suppress_fits(const char *name);

/* Whether the pattern of `length` bytes fits the name. */
bool cn_suppress_pattern_fits(const char *pattern, size_t length, const char *name);

#endif
