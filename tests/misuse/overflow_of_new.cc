// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at delete
#include "misuse.h"

int main(void) {
    unsigned char *block = static_cast<unsigned char *>(aim(operator new(24)));
    spoil(block + 24, 1);
    operator delete(block);
    return 0;
}
