// expect: bad-free: malloc_usable_size of @, which is not the start of a live block: it lies 16 bytes inside a block of 64 bytes
#include "misuse.h"

int main(void) { return (int)cairn_usable_size(aim(at(cairn_malloc(64), 16))); }
