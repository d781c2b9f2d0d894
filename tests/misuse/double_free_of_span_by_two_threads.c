// expect: (double-free|bad-free): free of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    in_thread(free, block);
    in_thread(free, block);
    malloc_trim(0);
    return 0;
}
