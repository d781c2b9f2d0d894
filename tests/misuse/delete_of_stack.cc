// expect: bad-free: .* of @, which is not .*
#include "misuse.h"

int main() {
    int array[16];
    aim(array);
    operator delete(static_cast<void *>(array));
    return 0;
}
