// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 24 bytes at @ has 8 bytes written before its start, at offset -8; found at delete\[\]
#include "misuse.h"

int main(void) {
    void *before = operator new(24);
    unsigned char *block = static_cast<unsigned char *>(aim(new unsigned char[24]));
    spoil(block - 8, 8);
    delete[] block;
    return 0;
}
