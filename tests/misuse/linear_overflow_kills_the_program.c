// expect: SIGSEGV
#include "misuse.h"

int main(void) {
    for (volatile char *byte = malloc(200 * KIB);; byte += 64) {
        *byte = 0x41;
    }
}
