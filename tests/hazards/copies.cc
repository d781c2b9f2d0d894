/*
 * copies.cc: a library with operators new of its own, out of sight of the program: the C++ library is linked into it.
 */
#include "tests/hazards/copies.h"

void *copies_take(size_t size) { return ::operator new(size); }

void *copies_take_array(size_t size) { return ::operator new[](size); }

void *copies_take_aligned(size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }

void *(*copies_operator_new(void))(size_t) { return ::operator new; }
