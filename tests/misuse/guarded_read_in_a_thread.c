// expect: heap-buffer-overflow: read past the end of a block of 64 bytes at @, at offset 64
/* The thread that reads is not the one that allocated. */
#include "misuse.h"

static void read_behind(void *block) { (void)((volatile char *)block)[64]; }

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    in_thread(read_behind, aim(malloc(64)));
    return 0;
}
