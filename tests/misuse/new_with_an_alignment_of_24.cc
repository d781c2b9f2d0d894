// expect: exit 0
#include <new>

#include "misuse.h"

int main() {
    try {
        return operator new(8, std::align_val_t(24)) != nullptr;
    } catch (const std::bad_alloc &) {
        return operator new(8, std::align_val_t(0), std::nothrow) != nullptr;
    }
}
