// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 64 bytes at @, at offset 64
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile char *block = static_cast<volatile char *>(aim(new char[64]));
    (void)block[64];
    return 0;
}
