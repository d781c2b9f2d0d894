// expect: bad-free: delete of @, which is not the start of a live block: it lies 8 bytes inside a block of 256 bytes
// expect-debug: bad-free: delete of @, which is not the start of a live block: it lies 8 bytes inside a block of 248 bytes
/* An array of objects with a destructor starts behind its length; plain delete of it does not. */
#include "misuse.h"

struct counted {
    ~counted() { count++; }
    static int count;
    char bytes[24];
};
int counted::count;

int main() {
    counted *array = new counted[10];
    operator delete(aim(array));
    return 0;
}
