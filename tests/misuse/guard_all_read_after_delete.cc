// expect: exit 0
// expect-debug: heap-use-after-free: read in a freed block of 64 bytes at @, at offset 0
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile char *block = static_cast<volatile char *>(aim(operator new(64)));
    operator delete(const_cast<char *>(block));
    (void)block[0];
    return 0;
}
