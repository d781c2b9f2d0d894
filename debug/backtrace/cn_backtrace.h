/*
 * cn_backtrace.h: what is used of libbacktrace and of libiberty's demangler, under the names that rename.sh gives them.
 * References are weak: what is built without the renamed library, as fuzzers are without Bazel, has no names.
 */
#ifndef CN_BACKTRACE_H
#define CN_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#define CN_WEAK __attribute__((weak))

struct cn_backtrace_state;

typedef void (*cn_backtrace_error_callback)(void *argument, const char *message, int number);
typedef int (*cn_backtrace_full_callback)(void *argument, uintptr_t pc, const char *file, int line,
                                          const char *function);
typedef void (*cn_backtrace_syminfo_callback)(void *argument, uintptr_t pc, const char *name, uintptr_t address,
                                              uintptr_t bytes);

/* `file` must stay. A state cannot be freed. NULL where there is no memory. */
CN_WEAK struct cn_backtrace_state *cn_backtrace_create_state(const char *file, int is_threaded,
                                                             cn_backtrace_error_callback on_error, void *argument);

/* Calls `on_line` for each function that the instruction belongs to, those that were inlined first. */
CN_WEAK int cn_backtrace_pcinfo(struct cn_backtrace_state *state, uintptr_t pc, cn_backtrace_full_callback on_line,
                                cn_backtrace_error_callback on_error, void *argument);

/* Calls `on_symbol` with the symbol that the address belongs to; its name is NULL where there is none. */
CN_WEAK int cn_backtrace_syminfo(struct cn_backtrace_state *state, uintptr_t address,
                                 cn_backtrace_syminfo_callback on_symbol, cn_backtrace_error_callback on_error,
                                 void *argument);

/* Calls `put` with the parts of the name. 0 where it is none of C++. */
CN_WEAK int cn_cplus_demangle_v3_callback(const char *mangled, int options,
                                          void (*put)(const char *text, size_t length, void *argument), void *argument);

#endif
