/*
 * misuse_due.h: the one report that is due after a bug, and that no other is made.
 *
 *   nothing due --a bug is planted--> due --the report--> seen --settled--> nothing due
 *
 * A report that is not due, or not of the kind, pointer, block and size that it should be, ends the fuzzer; so does a
 * second one, or one that is not printed as it is. Damage is undone when it has been reported, so that nothing else
 * finds it.
 */
#ifndef CAIRN_FUZZ_MISUSE_DUE_H
#define CAIRN_FUZZ_MISUSE_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/misuse_blocks.h"

enum { CN_MISUSE_DAMAGE_MAX = 512 };

/* Takes the reports from now on. */
void cn_misuse_due_init(void);

/* A report of the kind becomes due, of the block (NULL: of none), and of what is handed in (NULL: of damage). */
void cn_misuse_due(const char *kind, const void *pointer, const struct cn_misuse_block *block);

/* ... whose sentence has these words ... */
__attribute__((format(printf, 1, 2))) void cn_misuse_due_words(const char *format, ...);

/* ... which says exactly what is damaged: `how` is "past its end" or the like. */
void cn_misuse_due_exactly(const struct cn_misuse_block *block, const char *how, const char *at, size_t bytes);

/* What is written where nothing must be. */
enum cn_misuse_content {
    CN_MISUSE_OTHER_BYTES, /* each differs from what stood there */
    CN_MISUSE_NULS,        /* which no canary is */
};

/* Writes; at most CN_MISUSE_DAMAGE_MAX bytes. */
void cn_misuse_damage(char *at, size_t bytes, enum cn_misuse_content content, uint8_t mask);
/* The same with other canaries. */
void cn_misuse_damage_by_copy(char *at, const char *from, size_t bytes);

bool cn_misuse_is_seen(void);

/* Nothing is due any more. What was must have been seen. */
void cn_misuse_settle(void);

#endif
