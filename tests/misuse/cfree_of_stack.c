// expect: bad-free: c?free of @, which is not .*
#include "misuse.h"

int main(void) {
    char array[256];
    cfree(aim(array));
    return 0;
}
