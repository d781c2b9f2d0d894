// expect: double-free: delete of @, which is already free
#include <new>

#include "misuse.h"

int main() {
    void *block = aim(operator new(128, std::align_val_t(128)));
    operator delete(block, std::align_val_t(128));
    operator delete(block, std::align_val_t(128));
    return 0;
}
