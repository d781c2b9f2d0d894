// expect: size-mismatch: .* of @.*
#include <new>

#include "misuse.h"

int main() {
    operator delete(aim(operator new(100)), static_cast<std::size_t>(1000));
    return 0;
}
