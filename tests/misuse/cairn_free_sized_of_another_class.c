// expect: size-mismatch: .*free_sized of @.*
#include "misuse.h"

int main(void) {
    cairn_free_sized(aim(cairn_malloc(64)), 640);
    return 0;
}
