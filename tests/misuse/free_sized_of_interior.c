// expect: bad-free: free_sized of @, which is not .*
#include "misuse.h"

int main(void) {
    free_sized(aim(at(malloc(100), 16)), 84);
    return 0;
}
