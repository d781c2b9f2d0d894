// expect: exit 0
/* The size that counts is the last that was asked for, also where realloc left the block in its place. */
#include "misuse.h"

int main(void) {
    static const size_t sizes[] = {1,    16,       17,       100,       110,       1000,   400,
                                   5000, 64 * KIB, 60 * KIB, 200 * KIB, 190 * KIB, 9 * MIB};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t from = 0; from < COUNT; from++) {
        for (size_t to = 0; to < COUNT; to++) {
            void *block = realloc(malloc(sizes[from]), sizes[to]);
            require(block != NULL, "there is memory");
            free_sized(block, sizes[to]);
        }
    }
    return 0;
}
