// expect: exit 0
#include "misuse.h"

int main(void) {
    for (size_t size = 0; size < 10 * (size_t)MIB; size += 1 + size / 64) {
        free_sized(malloc(size), size);
        free_sized(calloc(1, size), size);
        cairn_free_sized(cairn_malloc(size), size);
    }
    return 0;
}
