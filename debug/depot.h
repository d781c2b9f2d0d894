/*
 * depot.h: every stack that was captured, once, by its id.
 *
 * A stack is found by its hash in a fixed table of chains. Its entry lies in one of a bounded number of chunks, and is
 * never changed or moved once it can be found, so that an id is good for the life of the process. An id says where: in
 * units of 16 bytes, from the first chunk's start. Insertion is by compare-and-swap alone: a thread that dies between
 * two steps, or is not there in the child of a fork, leaves some bytes unused, and nothing else.
 *
 * Q1  Two stacks that were put after one another have the same id if and only if they are equal, as their
 *     64-bit hashes tell. (Put at the same moment by
 *     two threads, one stack can get two ids.)
 * Q2  An entry that a chain names is complete.
 */
#ifndef CN_DEPOT_H
#define CN_DEPOT_H

#include "alloc/frame.h"
#include "hash.h"

/* Ids that are not of a stack. */
enum {
    CN_DEPOT_NONE = 0, /* the stack was not taken */
    CN_DEPOT_FULL = 1, /* there was no room for it */
};

struct cn_depot_stack {
    uint64_t hash;      /* of the frames */
    uint64_t site_hash; /* see cn_depot_site_hash */
    uint32_t next;      /* id of the next in the chain, or CN_DEPOT_NONE */
    uint32_t count;
    uintptr_t frames[]; /* frame.h; innermost first */
};

/* The id of the stack, which is stored if it is new. count is at least 1. */
uint32_t cn_depot_put(const uintptr_t *frames, size_t count);

/* The id of the stack that has the hash; CN_DEPOT_NONE: it is not stored yet. */
uint32_t cn_depot_recall(uint64_t hash, size_t count);

/*
 * The hash of a stack is made of a sum: a polynomial in CN_DEPOT_BASE whose coefficients are the frames, the
 * outermost's with the highest power. So a frame is put before the others, or taken off, in one step; and that of the
 * `count` innermost frames is the sum of all less CN_DEPOT_BASE to the power of `count` times that of those beyond.
 */
#define CN_DEPOT_BASE UINT64_C(0xD1342543DE82EF95)    /* odd */
#define CN_DEPOT_INVERSE UINT64_C(0x572B5EE77A54E3BD) /* 1 / CN_DEPOT_BASE, modulo 2^64 */

CN_INLINE uint64_t cn_depot_term(uintptr_t frame) { return cn_hash_mix(0, frame); }

/* The sum with a frame put before the innermost. */
CN_INLINE uint64_t cn_depot_add(uint64_t sum, uintptr_t frame) { return sum * CN_DEPOT_BASE + cn_depot_term(frame); }

/* The sum that becomes `sum` when the frame is added. */
CN_INLINE uint64_t cn_depot_take_off(uint64_t sum, uintptr_t frame) {
    return (sum - cn_depot_term(frame)) * CN_DEPOT_INVERSE;
}

CN_INLINE uint64_t cn_depot_hash(uint64_t sum, size_t count) { return cn_hash_mix(sum, count); }

/* The stack, or NULL where the id is of none. */
const struct cn_depot_stack *cn_depot_find(uint32_t id);

/* A number for the innermost frames outside of Cairn, from the names of their modules and the places within them: the
 * same in each run of the same program, wherever its modules lie. 0 where the id is of no stack. */
uint64_t cn_depot_site_hash(uint32_t id);

/* What the depot has of the system. */
size_t cn_depot_bytes(void);

#endif
