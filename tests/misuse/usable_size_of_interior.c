// expect: bad-free: malloc_usable_size of @, which is not .*
#include "misuse.h"

int main(void) { return (int)malloc_usable_size(aim(at(malloc(100), 16))); }
