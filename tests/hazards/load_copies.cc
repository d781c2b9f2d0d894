/*
 * load_copies.cc: gives back what a library has taken by operators new of its own.
 */
#include "tests/hazards/copies.h"
#include "tests/hazards/say.h"

int main() {
    require(copies_operator_new() != static_cast<void *(*)(size_t)>(::operator new),
            "the library has no operators of its own");
    for (size_t size = 1; size < 1000000; size *= 3) {
        const std::align_val_t alignment = std::align_val_t(64); /* to which the library's operator rounds the size */
        ::operator delete(copies_take(size), size);
        ::operator delete[](copies_take_array(size), size);
        ::operator delete(copies_take_aligned(size, alignment), size, alignment);
    }
    return 0;
}
