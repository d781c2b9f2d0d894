// expect: bad-free: malloc_usable_size of @, which is not the start of a live block: it lies 16 bytes inside a block of 112 bytes
// expect-debug: bad-free: malloc_usable_size of @, which is not the start of a live block: it lies 16 bytes inside a block of 100 bytes
#include "misuse.h"

int main(void) { return (int)malloc_usable_size(aim(at(malloc(100), 16))); }
