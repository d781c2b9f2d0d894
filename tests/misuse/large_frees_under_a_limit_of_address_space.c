// expect: exit 0
#include "misuse.h"

static void nothing(void *argument) { (void)argument; }

/* What was freed leaves addresses for others than Cairn, too. */
int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 2000 * (size_t)MIB);
    for (int i = 0; i < 100; i++) {
        char *block = malloc(50 * MIB);
        require(block != NULL, "there is memory");
        block[0] = 1;
        free(block);
    }
    void *memory = mmap(NULL, 1000 * (size_t)MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "the program can map memory");
    in_thread(nothing, NULL);
    return 0;
}
