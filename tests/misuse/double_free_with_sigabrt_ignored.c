// expect: SIGABRT double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    signal(SIGABRT, SIG_IGN);
    free(block);
    free(block);
    return 0;
}
