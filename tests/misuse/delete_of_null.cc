// expect: exit 0
#include <new>

#include "misuse.h"

int main() {
    operator delete(nullptr);
    operator delete[](nullptr);
    operator delete(nullptr, std::size_t(64));
    operator delete[](nullptr, std::size_t(64));
    operator delete(nullptr, std::nothrow);
    operator delete[](nullptr, std::nothrow);
    operator delete(nullptr, std::align_val_t(64));
    operator delete[](nullptr, std::size_t(64), std::align_val_t(64));
    return 0;
}
