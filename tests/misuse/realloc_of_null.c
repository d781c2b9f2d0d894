// expect: exit 0
#include "misuse.h"

int main(void) {
    void *block = realloc(NULL, 64);
    require(block != NULL, "realloc of NULL is malloc");
    free(block);
    block = realloc(NULL, 0);
    require(block != NULL, "realloc of NULL to 0 is malloc(0)");
    free(block);
    block = reallocarray(NULL, 10, 10);
    require(block != NULL, "reallocarray of NULL is malloc");
    free(block);
    return 0;
}
