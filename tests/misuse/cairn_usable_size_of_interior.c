// expect: bad-free: .*usable_size of @, which is not .*
#include "misuse.h"

int main(void) { return (int)cairn_usable_size(aim(at(cairn_malloc(64), 16))); }
