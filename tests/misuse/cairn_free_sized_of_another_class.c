// expect: size-mismatch: free_sized of @ with size 640 bytes, which does not belong to its block of 64 bytes
#include "misuse.h"

int main(void) {
    cairn_free_sized(aim(cairn_malloc(64)), 640);
    return 0;
}
