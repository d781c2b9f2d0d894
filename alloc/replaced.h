/*
 * replaced.h: the operators new and delete that the program has in place of Cairn's.
 *
 * A program, or a library loaded before Cairn, may replace some of the operators and leave the others alone. As the
 * standard has it these then lead to the program's: each of Cairn's operators stands for one of the eight below, and
 * calls the program's one in its own place where there is one. Of the eight, those of arrays stand for those of
 * objects.
 *
 * And those of the C++ library that Cairn's are in place of, for when it came only after Cairn was bound.
 */
#ifndef CN_REPLACED_H
#define CN_REPLACED_H

#include "bits.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cn_operator {
    CN_OPERATOR_NEW,
    CN_OPERATOR_NEW_ARRAY,
    CN_OPERATOR_DELETE,
    CN_OPERATOR_DELETE_ARRAY,
    CN_OPERATOR_NEW_ALIGNED,
    CN_OPERATOR_NEW_ARRAY_ALIGNED,
    CN_OPERATOR_DELETE_ALIGNED,
    CN_OPERATOR_DELETE_ARRAY_ALIGNED,
    CN_OPERATOR_COUNT,
};

/* What the program has for the operator: one of its own, or where that would be Cairn's of arrays, one of objects; of
 * the type of the operator. NULL: Cairn's is the one. */
void (*cn_replaced_by(enum cn_operator which))(void);

/* The operator of this linked name that the module of the code at `caller` would have without Cairn, or else the one of the
 * C++ library that is loaded; of the type of the operator. NULL: there is none. May allocate. */
void (*cn_replaced_of_library(const char *linked_name, const void *caller))(void);

#ifdef __cplusplus
}
#endif

#endif
