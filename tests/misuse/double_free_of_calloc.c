// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(calloc(10, 10));
    free(block);
    free(block);
    return 0;
}
