// expect: exit 0
#include "misuse.h"

int main(void) {
    void *block = NULL;
    size_t huge = SIZE_MAX / 2 + 1;
    require(posix_memalign(&block, huge, huge) == ENOMEM && block == NULL, "size and alignment do not add up to 0");
    require(posix_memalign(&block, huge, 64) == ENOMEM && block == NULL, "no address has this alignment");
    require(posix_memalign(&block, 4096, SIZE_MAX - 64) == ENOMEM && block == NULL, "rounding up does not wrap");
    require(posix_memalign(&block, 24, 64) == EINVAL && block == NULL, "24 is no power of two");
    require(posix_memalign(&block, 0, 64) == EINVAL && block == NULL, "0 is no power of two");
    return 0;
}
