// expect: exit 0
#include "misuse.h"

int main(void) {
    size_t half = SIZE_MAX / 2 + 1;
    errno = 0;
    require(calloc(half, 2) == NULL && errno == ENOMEM, "the product is 0 modulo 2^64");
    errno = 0;
    require(calloc(2, half + 8) == NULL && errno == ENOMEM, "the product is 16 modulo 2^64");
    errno = 0;
    require(calloc(SIZE_MAX, SIZE_MAX) == NULL && errno == ENOMEM, "the product is 1 modulo 2^64");
    errno = 0;
    require(calloc(1, (size_t)PTRDIFF_MAX + 1) == NULL && errno == ENOMEM, "the product is above PTRDIFF_MAX");
    return 0;
}
