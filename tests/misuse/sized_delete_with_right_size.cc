// expect: exit 0
#include <new>

#include "misuse.h"

int main() {
    for (std::size_t size = 0; size < 1000000; size += 1 + size / 32) {
        operator delete(operator new(size), size);
        operator delete[](operator new[](size), size);
        operator delete(operator new(size, std::nothrow), size);
        for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
            std::align_val_t align = static_cast<std::align_val_t>(alignment);
            operator delete(operator new(size, align), size, align);
            operator delete[](operator new[](size, align), align);
        }
    }
    return 0;
}
