// expect: size-mismatch: free_sized of @.*
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(100)), 0);
    return 0;
}
