// expect: exit 0
#include "misuse.h"

int main(void) {
    for (size_t size = 0; size < 10 * (size_t)MIB; size += 1 + size / 4) {
        in_thread(free, malloc(size));
    }
    malloc_trim(0);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
