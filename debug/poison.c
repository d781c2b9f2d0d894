/*
 * poison.c: fills blocks on allocation and on free, so that a program that reads memory it has not written, or has freed,
 * gets bytes that are easy to recognise.
 */
#include <string.h>

#include "alloc/hooks.h"

enum { FILL_ALLOCATED = 0xCD, FILL_FREED = 0xDD };

void cn_debug_allocated(void *block, size_t bytes) { memset(block, FILL_ALLOCATED, bytes); }

void cn_debug_freed(void *block, size_t bytes) { memset(block, FILL_FREED, bytes); }
