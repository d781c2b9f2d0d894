// expect: exit 0
#include "misuse.h"

int main(void) {
    for (size_t alignment = 8; alignment <= 16 * MIB; alignment *= 2) {
        for (size_t size = 0; size <= 64 * KIB; size = size * 2 + 1) {
            void *block = memalign(alignment, size);
            require(block != NULL && (uintptr_t)block % alignment == 0, "the block is aligned");
            memset(block, 0xa5, size);
            free(block);
        }
    }
    require(cairn_check(), "the metadata are whole");
    return 0;
}
