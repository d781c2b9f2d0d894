// expect: exit 0
#include "misuse.h"

static void fence(void) {
    for (int i = 0; i < 200; i++) {
        char *block = malloc(60000);
        for (int fence = 0; fence < 20; fence++) {
            cairn_fence(block, fence * 3000, 2000);
        }
        free(block);
    }
}

int main(void) {
    check_beside(fence);
    return 0;
}
