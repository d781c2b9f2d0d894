// expect: double-free: free of @, which is already free
/* The other thread's free still waits to be taken in when the owner frees the block too, and is handed it again: the
 * waiting free must not end the block's new life. */
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    in_thread(free, block);
    free(block);
    void *again = malloc(64);
    malloc_trim(0);
    require(false, "both frees were accepted");
    free(again);
    return 0;
}
