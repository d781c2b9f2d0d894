#include "fuzz/operations.h"

#include <stdatomic.h>
#include <stdio.h>

static _Atomic size_t operations; /* relaxed: it is a figure */

void cn_operations_add(size_t count) { (void)atomic_fetch_add_explicit(&operations, count, memory_order_relaxed); }

__attribute__((destructor)) static void print(void) {
    fprintf(stderr, "stat::operations: %zu\n", atomic_load_explicit(&operations, memory_order_relaxed));
}
