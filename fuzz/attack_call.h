/*
 * attack_call.h: one call of the allocator, and whether it was right to end the program there.
 */
#ifndef CAIRN_FUZZ_ATTACK_CALL_H
#define CAIRN_FUZZ_ATTACK_CALL_H

#include <stdbool.h>

#include "alloc/cairn.h"
#include "fuzz/attack_model.h"

enum cn_attack_function {
    CN_CALL_MALLOC,
    CN_CALL_CALLOC,
    CN_CALL_ALIGNED_ALLOC,
    CN_CALL_REALLOC,
    CN_CALL_FREE,
    CN_CALL_FREE_SIZED,
    CN_CALL_USABLE_SIZE,
    CN_CALL_CREATE,
    CN_CALL_DESTROY,
    CN_CALL_TRIM,
    CN_CALL_LOOK /* at all of the allocator's invariants, and whether its walk agrees with the model */
};

struct cn_attack_call {
    enum cn_attack_function function;
    struct cairn_heap *heap; /* NULL: not one of a named heap's */
    void *block;
    size_t size;
    size_t alignment;
    struct cn_attack_model *model; /* for CN_CALL_LOOK */
    void *result;
    size_t usable; /* of the result */
};

/* What a call is, by the model. */
enum cn_verdict { CN_RIGHT, CN_WRONG, CN_EITHER };

/* False where the program is over: the call was reported, and may have been. */
bool cn_attack_perform(struct cn_attack_call *call, enum cn_verdict verdict);

#endif
