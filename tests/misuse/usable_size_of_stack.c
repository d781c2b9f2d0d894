// expect: bad-free: malloc_usable_size of @, which is not .*
#include "misuse.h"

int main(void) {
    char array[256];
    return (int)malloc_usable_size(aim(array));
}
