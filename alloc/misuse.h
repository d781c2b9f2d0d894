/*
 * misuse.h: reports of pointers that the program must not hand in. Each prints one line and raises SIGABRT; what the
 * pointer is, is decided from the tables alone, never from bytes that the program can write.
 */
#ifndef CN_MISUSE_H
#define CN_MISUSE_H

#include "bits.h"

/* A pointer that is no live block's start, handed to `operation`: of kind `kind_if_freed` where a block started
 * there and is free; else bad-free. */
CN_COLD CN_NORETURN void cn_misuse_not_live(const char *operation, const char *kind_if_freed, const void *pointer);

/* A live block of another heap than the call named. */
CN_COLD CN_NORETURN void cn_misuse_other_heap(const char *operation, const void *pointer, const char *heap_name);

/* A sized free of a block of `block_bytes` with a size, or a size and an alignment, that belong to another size
 * class. */
CN_COLD CN_NORETURN void cn_misuse_size(const char *operation, const void *pointer, size_t alignment, size_t size,
                                        size_t block_bytes);

/* A pointer that is no named heap. */
CN_COLD CN_NORETURN void cn_misuse_no_heap(const char *operation, const void *pointer);

#endif
