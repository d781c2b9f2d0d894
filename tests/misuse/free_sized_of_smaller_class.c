// expect: size-mismatch: free_sized of @.*
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(1000)), 100);
    return 0;
}
