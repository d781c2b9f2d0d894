// expect: exit 0
// expect-debug: exit 0
#include "misuse.h"

enum { SHARED = 64 * MIB };

static size_t resident_pages(void) {
    size_t all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    require(file != NULL && fscanf(file, "%zu %zu", &all, &resident) == 2, "the system tells what is in memory");
    fclose(file);
    return resident;
}

/* What the program has mapped and not used yet, shared memory too, does not become resident. A pointer in it is found. */
int main(void) {
    void **shared = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void **private =
        mmap(NULL, (size_t)8 * GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(shared != MAP_FAILED && private != MAP_FAILED, "memory can be mapped");
    shared[SHARED / 2 / sizeof *shared] = malloc(100);
    private[GIB / sizeof *private] = malloc(100);
    size_t before = resident_pages();
    require(cairn_leaks() == 0, "both blocks can be reached");
    require(resident_pages() < before + SHARED / 4 / 4096, "what was not used is not in memory");
    return 0;
}
