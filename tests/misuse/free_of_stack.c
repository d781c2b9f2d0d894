// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    char array[256];
    free(aim(array));
    return 0;
}
