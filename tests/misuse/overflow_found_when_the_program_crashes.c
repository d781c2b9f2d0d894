// expect: SIGSEGV
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at SIGSEGV
#include "misuse.h"

int main(void) {
    char *block = aim(malloc(40));
    spoil(block + 40, 1);
    *(volatile int *)(volatile uintptr_t){16} = 1;
    return 0;
}
