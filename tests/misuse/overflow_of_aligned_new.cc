// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 100 bytes at @ has 1 byte written past its end, at offset 100; found at delete
#include "misuse.h"

#include <new>

int main(void) {
    void *block = aim(operator new(100, std::align_val_t(128)));
    spoil(static_cast<unsigned char *>(block) + 100, 1);
    operator delete(block, std::align_val_t(128));
    return 0;
}
