/*
 * print.h: an input in a form that people read, and as a C program that does the same without the fuzzer.
 */
#ifndef CAIRN_FUZZ_PRINT_H
#define CAIRN_FUZZ_PRINT_H

#include <stdio.h>

#include "fuzz/program.h"

/* One line for each operation. */
void cn_print_operations(FILE *out, const uint8_t *data, size_t size, enum cn_program_shape shape);

/* A C program that needs cairn.h and the library alone. `title` stands in the comment at its head. What is live at the
 * end is freed in order, also where a harness has several threads do it at once. */
void cn_print_program(FILE *out, const uint8_t *data, size_t size, enum cn_program_shape shape, const char *title);

/* print_prelude.c: what the program's lines call, in pieces; NULL after the last. */
extern const char *const cn_print_prelude[];

#endif
