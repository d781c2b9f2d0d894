// expect: double-free: delete of @, which is already free
#include <new>

#include "misuse.h"

int main() {
    void *block = aim(operator new(64, std::nothrow));
    operator delete(block, std::nothrow);
    operator delete(block, std::nothrow);
    return 0;
}
