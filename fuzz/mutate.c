/*
 * mutate.c: a mutator and a crossover for libFuzzer that know what an operation is (program.h).
 *
 * Every result is a whole number of operations. Where libFuzzer's own mutations change bytes, these change, insert,
 * move and repeat operations, and let them meet: an operation that needs a block is often given a slot that holds one.
 * Linked with the fuzzers whose input is a program; other engines do without.
 */
#include <string.h>

#include "fuzz/fuzzer.h"
#include "fuzz/program.h"

/* libFuzzer's own mutations; not there where the harness is replayed. */
extern __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum {
    PLACES = 64,      /* values of the low six bits of the first byte */
    STRETCH_MAX = 32, /* operations that are moved, repeated or taken out at once */
    ROUNDS_MAX = 4,   /* mutations at once */
};

/* Operations that change as they are mutated. */
struct draft {
    uint8_t *data;
    size_t length; /* in operations */
    size_t room;
    uint64_t random;
};

static uint64_t random_next(struct draft *draft) {
    draft->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = (draft->random ^ draft->random >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Below `limit`, which is not 0. */
static size_t random_below(struct draft *draft, size_t limit) { return (size_t)(random_next(draft) % limit); }

static uint8_t *operation_at(const struct draft *draft, size_t index) {
    return draft->data + index * CN_OPERATION_BYTES;
}

static void random_operation(struct draft *draft, uint8_t *operation) {
    uint64_t bytes = random_next(draft);
    memcpy(operation, &bytes, CN_OPERATION_BYTES);
}

/* Opens a gap of `count` operations. False where there is no room. */
static bool open_gap(struct draft *draft, size_t index, size_t count) {
    if (draft->room - draft->length < count) {
        return false;
    }
    memmove(operation_at(draft, index + count), operation_at(draft, index),
            (draft->length - index) * CN_OPERATION_BYTES);
    draft->length += count;
    return true;
}

/* ---- making sense -------------------------------------------------------------------------------------------- */

static bool makes_block(enum cn_operation_kind kind) { return kind <= CN_OP_REALLOCARRAY; }

static bool needs_block(enum cn_operation_kind kind) {
    return (kind >= CN_OP_REALLOC && kind <= CN_OP_FREE_SIZED) || kind == CN_OP_USABLE_SIZE || kind == CN_OP_WRITE;
}

static unsigned slot_of(const uint8_t *operation) { return operation[1] % CN_PROGRAM_SLOTS; }

static void set_slot(uint8_t *operation, unsigned slot) {
    operation[1] = (uint8_t)(operation[1] - slot_of(operation) + slot);
}

/* The slots that hold a block before the operation, one bit each, if none was refused. */
static uint32_t live_slots(const struct draft *draft, size_t index) {
    uint32_t live = 0;
    for (size_t i = 0; i < index; i++) {
        const uint8_t *operation = operation_at(draft, i);
        uint32_t bit = UINT32_C(1) << slot_of(operation);
        enum cn_operation_kind kind = cn_program_kind(operation);
        if (makes_block(kind)) {
            live |= bit;
        } else if (kind == CN_OP_FREE || kind == CN_OP_FREE_SIZED) {
            live &= ~bit;
        } else if (kind == CN_OP_START_OVER) {
            live = 0;
        }
    }
    return live;
}

/* An operation that needs a block gets the next slot that has one. */
static void aim(struct draft *draft, size_t index) {
    uint8_t *operation = operation_at(draft, index);
    uint32_t live = live_slots(draft, index);
    if (live == 0 || !needs_block(cn_program_kind(operation))) {
        return;
    }
    unsigned slot = slot_of(operation);
    while ((live >> slot & 1) == 0) {
        slot = (slot + 1) % CN_PROGRAM_SLOTS;
    }
    set_slot(operation, slot);
}

/* ---- mutations ----------------------------------------------------------------------------------------------- */

static void change_byte(struct draft *draft) {
    uint8_t *byte = draft->data + random_below(draft, draft->length * CN_OPERATION_BYTES);
    static const uint8_t steps[] = {1, UINT8_MAX, 8, 16, 32, 64, 128};
    size_t how = random_below(draft, 2 * sizeof steps);
    *byte = how < sizeof steps ? (uint8_t)(*byte + steps[how]) : (uint8_t)random_next(draft);
}

static void insert_operation(struct draft *draft) {
    size_t index = random_below(draft, draft->length + 1);
    if (open_gap(draft, index, 1)) {
        random_operation(draft, operation_at(draft, index));
        aim(draft, index);
    }
}

static void change_kind(struct draft *draft) {
    size_t index = random_below(draft, draft->length);
    uint8_t *operation = operation_at(draft, index);
    operation[0] = (uint8_t)(operation[0] / PLACES * PLACES + random_below(draft, PLACES));
    aim(draft, index);
}

/* The same operation on another block. */
static void change_slot(struct draft *draft) {
    size_t index = random_below(draft, draft->length);
    set_slot(operation_at(draft, index), (unsigned)random_below(draft, CN_PROGRAM_SLOTS));
    aim(draft, index);
}

/* One operation's size for another's. */
static void copy_size(struct draft *draft) {
    const uint8_t *from = operation_at(draft, random_below(draft, draft->length));
    uint8_t *to = operation_at(draft, random_below(draft, draft->length));
    to[2] = from[2];
    to[3] = from[3];
}

static size_t random_stretch(struct draft *draft, size_t *start) {
    *start = random_below(draft, draft->length);
    size_t most = draft->length - *start;
    return 1 + random_below(draft, most < STRETCH_MAX ? most : STRETCH_MAX);
}

static void repeat_stretch(struct draft *draft) {
    size_t start;
    size_t count = random_stretch(draft, &start);
    uint8_t stretch[STRETCH_MAX * CN_OPERATION_BYTES];
    size_t to = random_below(draft, draft->length + 1);
    memcpy(stretch, operation_at(draft, start), count * CN_OPERATION_BYTES);
    if (open_gap(draft, to, count)) {
        memcpy(operation_at(draft, to), stretch, count * CN_OPERATION_BYTES);
    }
}

static void remove_stretch(struct draft *draft) {
    size_t start;
    size_t count = random_stretch(draft, &start);
    if (count < draft->length) {
        draft->length -= count;
        memmove(operation_at(draft, start), operation_at(draft, start + count),
                (draft->length - start) * CN_OPERATION_BYTES);
    }
}

static void swap_operations(struct draft *draft) {
    uint8_t *first = operation_at(draft, random_below(draft, draft->length));
    uint8_t *second = operation_at(draft, random_below(draft, draft->length));
    uint8_t kept[CN_OPERATION_BYTES];
    memcpy(kept, first, sizeof kept);
    memmove(first, second, sizeof kept);
    memcpy(second, kept, sizeof kept);
}

/* Whatever was done to one block is done to another. */
static void rename_slot(struct draft *draft) {
    unsigned from = slot_of(operation_at(draft, random_below(draft, draft->length)));
    unsigned to = (unsigned)random_below(draft, CN_PROGRAM_SLOTS);
    for (size_t i = random_below(draft, draft->length); i < draft->length; i++) {
        if (slot_of(operation_at(draft, i)) == from) {
            set_slot(operation_at(draft, i), to);
        }
    }
}

/* libFuzzer's mutation of one stretch, which keeps its length. It knows what the program compared with what. */
static void mutate_as_bytes(struct draft *draft) {
    size_t start;
    size_t count = random_stretch(draft, &start);
    if (LLVMFuzzerMutate == NULL) {
        change_byte(draft);
        return;
    }
    uint8_t stretch[STRETCH_MAX * CN_OPERATION_BYTES];
    memcpy(stretch, operation_at(draft, start), count * CN_OPERATION_BYTES);
    size_t size = LLVMFuzzerMutate(stretch, count * CN_OPERATION_BYTES, count * CN_OPERATION_BYTES);
    memcpy(operation_at(draft, start), stretch, size);
}

static void (*const mutations[])(struct draft *draft) = {
    change_byte,    change_byte,    insert_operation, insert_operation, change_kind, change_slot,     copy_size,
    repeat_stretch, remove_stretch, remove_stretch,   swap_operations,  rename_slot, mutate_as_bytes, mutate_as_bytes,
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    /* To shorten an input libFuzzer asks for less than there is. */
    size_t length = (size < max_size ? size : max_size) / CN_OPERATION_BYTES;
    struct draft draft = {data, length, max_size / CN_OPERATION_BYTES, seed};
    if (draft.room == 0) {
        return 0;
    }
    for (size_t rounds = 1 + random_below(&draft, ROUNDS_MAX); rounds > 0; rounds--) {
        if (draft.length == 0) {
            insert_operation(&draft);
        } else {
            mutations[random_below(&draft, sizeof mutations / sizeof mutations[0])](&draft);
        }
    }
    return draft.length * CN_OPERATION_BYTES;
}

/* Stretches of the two in turn, each going on where its last one ended. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size,
                                 uint8_t *out, size_t max_size, unsigned seed) {
    struct draft draft = {out, 0, max_size / CN_OPERATION_BYTES, seed};
    const uint8_t *parents[] = {first, second};
    size_t left[] = {first_size / CN_OPERATION_BYTES, second_size / CN_OPERATION_BYTES};
    for (size_t turn = random_below(&draft, 2); left[0] + left[1] > 0 && draft.length < draft.room; turn = 1 - turn) {
        size_t count = 1 + random_below(&draft, STRETCH_MAX);
        count = count < left[turn] ? count : left[turn];
        count = count < draft.room - draft.length ? count : draft.room - draft.length;
        memcpy(operation_at(&draft, draft.length), parents[turn], count * CN_OPERATION_BYTES);
        parents[turn] += count * CN_OPERATION_BYTES;
        left[turn] -= count;
        draft.length += count;
    }
    return draft.length * CN_OPERATION_BYTES;
}
