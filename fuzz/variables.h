/*
 * variables.h: the variables of the core, static ones too, kept and put back. The program's own symbol table tells
 * where they are: those of all C sources in the program but the fuzzers' and tests' own.
 */
#ifndef CAIRN_FUZZ_VARIABLES_H
#define CAIRN_FUZZ_VARIABLES_H

#include <stddef.h>

/* Remembers what the core's variables hold now. Once. */
void cn_variables_keep(void);

/* The same of other memory, beside variables. */
void cn_variables_keep_also(char *start, size_t bytes);

/* They hold that again; of those that are a thread's own, the ones of the thread that kept them, which must call. */
void cn_variables_put_back(void);

#endif
