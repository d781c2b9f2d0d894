// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = NULL;
    require(posix_memalign(&block, 4 * KIB, 100) == 0, "there is memory");
    aim(block);
    free(block);
    free(block);
    return 0;
}
