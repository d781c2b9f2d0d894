// expect: SIGSEGV
// expect-debug: heap-buffer-overflow: block of 204800 bytes at @ has [0-9]+ bytes written past its end, at offset 204800; found at SIGSEGV
#include "misuse.h"

int main(void) {
    for (volatile char *byte = aim(malloc(200 * KIB));; byte += 64) {
        *byte = 0x41;
    }
}
