// expect: exit 0
// expect-debug: heap-use-after-free: block of 48 bytes at @ has 4 bytes written after it was freed, at offset 4; found at exit
#include "misuse.h"

int main(void) {
    unsigned char *block = static_cast<unsigned char *>(aim(operator new(48)));
    operator delete(block);
    spoil(block + 4, 4);
    return 0;
}
