/*
 * direct.h: blocks that the region cannot serve, in mappings of their own: where it is used up, or could not be
 * reserved, or an alignment is too large for it. They are found through a table of addresses.
 *
 * The table is open-addressed, with room for twice the mappings that a process can have. An entry is claimed and given
 * up by compare-and-swap on its address, so that no lock is held across a fork, and of two threads that free the same
 * block one alone succeeds.
 *
 *   empty --add--> an address --remove--> tombstone --add--> an address
 */
#ifndef CN_DIRECT_H
#define CN_DIRECT_H

#include <stdbool.h>
#include <stddef.h>

/* A block of its own, zero, at a multiple of `alignment`; NULL where the system refuses. */
void *cn_direct_malloc(size_t bytes, size_t alignment);

/* The writable bytes of the direct block that starts at `block`; 0: there is none. */
size_t cn_direct_bytes(const void *block);

/* Gives the block back; false where none starts there. */
bool cn_direct_free(void *block);

/* Resizes the block where it is; false, and the block as it was, where the system refuses. */
bool cn_direct_resize(void *block, size_t bytes);

/* Calls `visit` for every direct block; stops when it says false, and returns false then. */
bool cn_direct_walk(bool (*visit)(void *block, size_t bytes, void *argument), void *argument);

/* The bytes of all direct blocks. */
size_t cn_direct_total_bytes(void);

#endif
