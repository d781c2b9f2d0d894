// expect: SIGABRT
// expect-debug: heap-use-after-free: block of 40 bytes at @ has 1 byte written after it was freed, at offset 8; found at abort
#include "misuse.h"

int main() {
    char *block = (char *)aim(operator new(40));
    operator delete(block);
    spoil(block + 8, 1);
    throw 1;
}
