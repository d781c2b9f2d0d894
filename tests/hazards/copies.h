/*
 * copies.h: a library that has operators new of its own; it takes blocks by those.
 */
#ifndef CAIRN_TESTS_HAZARDS_COPIES_H
#define CAIRN_TESTS_HAZARDS_COPIES_H

#include <cstddef>
#include <new>

extern "C" {
void *copies_take(size_t size);
void *copies_take_array(size_t size);
void *copies_take_aligned(size_t size, std::align_val_t alignment);
void *(*copies_operator_new(void))(size_t);
}

#endif
