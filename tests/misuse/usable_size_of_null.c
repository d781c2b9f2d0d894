// expect: exit 0
#include "misuse.h"

int main(void) {
    require(malloc_usable_size(NULL) == 0, "NULL has no bytes");
    require(cairn_usable_size(NULL) == 0, "NULL has no bytes");
    return 0;
}
