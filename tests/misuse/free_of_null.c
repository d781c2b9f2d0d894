// expect: exit 0
#include "misuse.h"

int main(void) {
    free(NULL);
    cfree(NULL);
    cairn_free(NULL);
    free_sized(NULL, 64);
    free_aligned_sized(NULL, 64, 64);
    cairn_heap_destroy(NULL);
    return 0;
}
