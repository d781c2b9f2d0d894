/*
 * variables.h: the variables of the core, static ones too, kept and put back. The program's own symbol table tells
 * where they are: those of all C sources in the program but the fuzzers' and tests' own.
 */
#ifndef CAIRN_FUZZ_VARIABLES_H
#define CAIRN_FUZZ_VARIABLES_H

/* Remembers what the core's variables hold now. Once. */
void cn_variables_keep(void);

/* They hold that again. Thread-local ones are left as they are. */
void cn_variables_put_back(void);

#endif
