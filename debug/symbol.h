/*
 * symbol.h: what code and data are called: function, file and line of a frame, for reports.
 *
 * By libbacktrace, which reads the modules' own tables and debug information, each module's when it is first asked for,
 * in memory that it maps. No lock of the dynamic linker is taken, and no module list walked: the module of an address
 * is found by _dl_find_object alone. So it works in a signal handler, and when another thread is stuck within dlopen.
 *
 * Whoever calls holds the report's lock (report.h): one thread at a time. It needs about 64 KiB of stack.
 */
#ifndef CN_SYMBOL_H
#define CN_SYMBOL_H

#include "alloc/frame.h"
#include "alloc/text.h"
#include "depot.h"

/* What a frame is at. Strings are good while `visit` runs. */
struct cn_location {
    uintptr_t pc;
    const char *function; /* as a person writes it; NULL: not known */
    uintptr_t offset;     /* from the function's start, where there is no line */
    const char *file;     /* NULL: not known */
    unsigned line;
    const char *module; /* its path; NULL: the address is in none */
    uintptr_t module_offset;
};

/* Calls `visit` for the frame (depot.h): once, or more often where functions were inlined, innermost first. */
void cn_symbol_visit_frame(uintptr_t frame, void (*visit)(const struct cn_location *location, void *argument),
                           void *argument);

/* The stack's first frame that is to be shown: those of Cairn's own library, as of operator new, say nothing that
 * the report does not. All are where Cairn is part of the program, and where there are no others. */
size_t cn_symbol_first_frame(const struct cn_depot_stack *stack);

/* A variable or function. The name is good until the next call. */
struct cn_symbol {
    const char *name;
    uintptr_t address;
    size_t size_bytes;
};

/* The one whose bytes hold the address; false where none is known. */
bool cn_symbol_find(uintptr_t address, struct cn_symbol *symbol);

/* A line for each frame of the stack:
 *
 *     #0 0x55d0c01234 in parse_header src/parse.c:123 (/usr/bin/prog+0x1234)
 *
 * or one line that says why there is none. */
void cn_symbol_print_stack(struct cn_text *text, uint32_t id);

#endif
