// expect: size-mismatch: delete of @ with size 16 bytes, which does not belong to its block of 1024 bytes
// expect-debug: size-mismatch: delete of @ with size 16 bytes, which does not belong to its block of 1016 bytes
/* The base has no virtual destructor, so that the compiler names the size of the base. */
#include "misuse.h"

struct base {
    char bytes[16];
};
struct derived : base {
    char more[1000];
};

int main() {
    base *object = new derived;
    aim(object);
    delete object;
    return 0;
}
