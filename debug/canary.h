/*
 * canary.h: the bytes that stand where the program must not write, and whether they still do.
 *
 * Around live blocks stand canaries: the byte at an address is a byte of a keyed hash of that address, so that a copied
 * neighbour's canary does not pass, and none is NUL, so that a string's end mark one byte too far shows. In blocks that
 * are not live stands the freed fill, one byte repeated.
 *
 * Checks return the first byte that is wrong, NULL where all are right. They may read bytes that another thread is
 * changing; the caller finds out whether it had a right to what it saw (record.h).
 */
#ifndef CN_CANARY_H
#define CN_CANARY_H

#include "alloc/bits.h"

/* Chooses the process's key; before the first block. */
void cn_canary_init(void);
/* Another key; what was written by the one before is no canary any more. */
void cn_canary_set_key(uint64_t seed);

void cn_canary_write(char *from, const char *to);
const char *cn_canary_check(const char *from, const char *to);

/* The same of [head, user) and [tail, end) at once. All but `tail` are multiples of a word, of which what is before
 * `tail` is the caller's too. */
void cn_canary_write_around(char *head, char *user, char *tail, char *end);
bool cn_canary_is_whole_around(const char *head, const char *user, const char *tail, const char *end);

/* The bytes that blocks are filled with, 0 to 255; -1: they are not. Set from the options when the process starts. */
extern int cn_fill_allocated;
extern int cn_fill_freed;

/* What memory that is filled with the byte reads as. */
CN_INLINE uint64_t cn_fill_word(unsigned char byte) { return byte * UINT64_C(0x0101010101010101); }

/* Fills with the byte. */
void cn_fill_write(char *from, const char *to, unsigned char byte);
const char *cn_fill_check(const char *from, const char *to, unsigned char byte);

/* The end of the damage that starts at `from`: after the last wrong byte of [from, to). */
const char *cn_canary_damage_end(const char *from, const char *to);
const char *cn_fill_damage_end(const char *from, const char *to, unsigned char byte);

/* What the byte at the address is where it is a canary. */
unsigned char cn_canary_byte(const char *address);

#endif
