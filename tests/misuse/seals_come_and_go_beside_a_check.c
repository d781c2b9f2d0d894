// expect: exit 0
#include "misuse.h"

static void seal_and_write(void) {
    enum { BYTES = 60000 };
    char *block = calloc(1, BYTES);
    for (int i = 0; i < 2000; i++) {
        cairn_seal(block);
        cairn_unseal(block);
        block[i * 29 % BYTES]++;
    }
    free(block);
}

int main(void) {
    check_beside(seal_and_write);
    return 0;
}
