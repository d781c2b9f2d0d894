// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100), 12)));
    return 0;
}
