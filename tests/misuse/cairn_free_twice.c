// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(cairn_malloc(64));
    cairn_free(block);
    cairn_free(block);
    return 0;
}
