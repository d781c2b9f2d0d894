// expect: size-mismatch: free_sized of @.*
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(200 * KIB)), 100);
    return 0;
}
