// expect: size-mismatch: free_sized of @.*
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(100)), 1000);
    return 0;
}
