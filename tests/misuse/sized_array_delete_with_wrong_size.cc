// expect: size-mismatch: .* of @.*
#include <new>

#include "misuse.h"

int main() {
    operator delete[](aim(operator new[](1000)), static_cast<std::size_t>(100));
    return 0;
}
