// expect: exit 0
#include "misuse.h"

int main(void) {
    char *block = malloc(3 << 20);
    memset(block, 1, 3 << 20);
    cairn_seal(block);
    block = realloc(block, 5 << 20); /* which ends the seal */
    memset(block, 2, 5 << 20);
    free(block);
    return 0;
}
