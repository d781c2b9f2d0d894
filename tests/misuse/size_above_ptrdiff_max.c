// expect: exit 0
#include "misuse.h"

static void refused(void *block) {
    require(block == NULL && errno == ENOMEM, "a size above PTRDIFF_MAX is refused with ENOMEM");
    errno = 0;
}

int main(void) {
    void *kept = malloc(64);
    errno = 0;
    for (size_t size = SIZE_MAX; size > PTRDIFF_MAX; size = size / 16 * 15) {
        refused(malloc(size));
        refused(realloc(kept, size));
        refused(aligned_alloc(64, size));
        refused(memalign(4096, size));
        refused(valloc(size));
        refused(pvalloc(size));
    }
    free(kept);
    return 0;
}
