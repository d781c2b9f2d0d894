// expect: exit 0
#include "misuse.h"

static void free_as_100(void *block) { free_sized(block, 100); }

int main(void) {
    in_thread(free_as_100, malloc(100));
    malloc_trim(0);
    return 0;
}
