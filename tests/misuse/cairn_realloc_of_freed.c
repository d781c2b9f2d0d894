// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(cairn_malloc(64));
    cairn_free(block);
    block = cairn_realloc(block, 128);
    return 0;
}
