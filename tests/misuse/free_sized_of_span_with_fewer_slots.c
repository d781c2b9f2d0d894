// expect: size-mismatch: free_sized of @.*
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(320 * KIB)), 200 * KIB);
    return 0;
}
