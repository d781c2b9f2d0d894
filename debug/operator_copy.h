/*
 * operator_copy.h: operators new that are not Cairn's.
 *
 * A module may have the C++ library linked into it, out of sight of the others. Its operator new asks malloc; so what
 * it has taken and Cairn's operator delete gives back looks like a mismatch, and is none. Such a copy is known by the
 * name that its module's symbol table has for it; where that was stripped it is not.
 *
 * What goes the other way cannot be told: operator delete, and what calls it, mostly end with a jump, so that a call of
 * free by a copy looks like one by the program.
 */
#ifndef CN_OPERATOR_COPY_H
#define CN_OPERATOR_COPY_H

#include "depot.h"

/* Whether malloc was called, on this stack, by an operator new. The first look at a module reads its tables; what is
 * found to be such an operator is remembered. False within a report. errno stays as it was. */
bool cn_operator_copy_took(uint32_t stack);

#endif
