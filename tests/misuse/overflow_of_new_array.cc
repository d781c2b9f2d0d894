// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at delete\[\]
#include "misuse.h"

int main(void) {
    unsigned char *block = static_cast<unsigned char *>(aim(new unsigned char[24]));
    spoil(block + 24, 1);
    delete[] block;
    return 0;
}
