/* A program that replaces the aligned operators alone. */
#include "tests/replaced.h"

const replaced::kinds replaced::led = {false, false, true, true};

void *operator new(size_t size, std::align_val_t alignment) {
    const auto bytes = static_cast<size_t>(alignment);
    return replaced::take(size, bytes, bytes);
}
void operator delete(void *block, std::align_val_t alignment) noexcept {
    replaced::give(block, static_cast<size_t>(alignment));
}

int main() { return replaced::run(); }
