/*
 * demangle.h: names of C++ as a person writes them. Nothing is allocated; a long name takes up to 48 KiB of stack.
 */
#ifndef CN_DEMANGLE_H
#define CN_DEMANGLE_H

enum { CN_DEMANGLED_BYTES = 1024 };

/* The name, demangled into `result` where it can be; else as it is. Too long a result ends in "...". */
const char *cn_demangle(const char *name, char result[CN_DEMANGLED_BYTES]);

#endif
