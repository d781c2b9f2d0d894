// expect: bad-free: .* of @, which is not .*
#include "misuse.h"

int main() {
    operator delete(aim(at(operator new(100), 16)));
    return 0;
}
