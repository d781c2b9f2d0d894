/*
 * os_model.h: a system for the tiny core: os.h without an operating system. Its memory is a few arrays, in pages of
 * 1 KiB, so that it can be made anew in no time. It holds the core to what os.h says: only what is reserved is committed,
 * only what is committed is given back, only what was mapped is unmapped.
 */
#ifndef CAIRN_FUZZ_TINY_OS_MODEL_H
#define CAIRN_FUZZ_TINY_OS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

/* Nothing is committed or mapped any more; what is reserved stays so. Memory is not short. */
void cn_model_renew(void);

/* While memory is short, nothing can be committed, mapped, or made longer. */
void cn_model_set_short(void);
void cn_model_set_plenty(void);

/* Runs `call`; true where it ended in cn_os_abort. What it said is cn_model_report. Else an abort is the program's. */
bool cn_model_aborts(void (*call)(void *), void *argument);
const char *cn_model_report(void);

/* The pages of [memory, memory + bytes) that can be accessed. */
size_t cn_model_accessible_pages(const void *memory, size_t bytes);

#endif
