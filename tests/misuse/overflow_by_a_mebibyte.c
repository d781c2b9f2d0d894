// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 64 bytes at 0x[0-9a-f]+ has [0-9]+ bytes? written past its end, at offset -?[0-9]+; found at free
/* The neighbours' content is lost, and nothing else: the allocator goes on. */
#include "misuse.h"

int main(void) {
    enum { COUNT = 40000 };
    void **blocks = many_blocks(COUNT, 64);
    void **survivors = mmap(NULL, COUNT * sizeof *blocks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(survivors, blocks, COUNT * sizeof *blocks);
    char *lowest = survivors[0];
    for (size_t i = 0; i < COUNT; i++) {
        lowest = (char *)survivors[i] < lowest ? survivors[i] : lowest;
    }
    memset(lowest, 0x41, MIB);
    for (size_t i = 0; i < COUNT; i++) {
        free(survivors[i]);
    }
    require(cairn_check(), "the metadata are whole");
    exercise();
    return 0;
}
