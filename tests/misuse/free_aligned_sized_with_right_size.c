// expect: exit 0
#include "misuse.h"

int main(void) {
    for (size_t alignment = 8; alignment <= 4 * MIB; alignment *= 2) {
        for (size_t size = 0; size < 9 * (size_t)MIB; size += alignment + size / 2) {
            void *block = aligned_alloc(alignment, size);
            require(block != NULL, "there is memory");
            free_aligned_sized(block, alignment, size);
        }
    }
    return 0;
}
