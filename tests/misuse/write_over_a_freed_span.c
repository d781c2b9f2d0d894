// expect: exit 0
// expect-debug: heap-use-after-free: write in a freed block of 204800 bytes at 0x[0-9a-f]+, at offset 0
#include "misuse.h"

int main(void) {
    unsigned char *span = malloc(200 * KIB);
    void *neighbour = malloc(200 * KIB);
    memset(span, 1, 200 * KIB);
    free(span);
    memset(span, 0x41, 100);
    exercise();
    unsigned char *clear = calloc(200, KIB);
    for (size_t i = 0; i < 200 * KIB; i++) {
        require(clear[i] == 0, "calloc gives zeros, whatever was written after free");
    }
    free(neighbour);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
