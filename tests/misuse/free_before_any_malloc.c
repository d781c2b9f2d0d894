// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in the data of free_before_any_malloc
/* The first call into the allocator may be this one: it is made before main and before libc's own first malloc. */
#include "misuse.h"

static _Alignas(16) char array[256];

static void early(void) { free(aim(array)); }

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = early;

int main(void) { return 0; }
