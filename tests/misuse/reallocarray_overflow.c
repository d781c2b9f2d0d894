// expect: exit 0
#include "misuse.h"

int main(void) {
    char *block = malloc(64);
    strcpy(block, "still here");
    errno = 0;
    require(reallocarray(block, SIZE_MAX / 2 + 1, 2) == NULL && errno == ENOMEM, "the product is 0 modulo 2^64");
    errno = 0;
    require(reallocarray(block, SIZE_MAX / 16 + 2, 16) == NULL && errno == ENOMEM, "the product is 16 modulo 2^64");
    require(strcmp(block, "still here") == 0, "the block is as it was");
    free(block);
    return 0;
}
