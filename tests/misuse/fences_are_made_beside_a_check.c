// expect: exit 0
#include "misuse.h"

static volatile bool is_over;

static void *fence(void *argument) {
    for (int i = 0; i < 200; i++) {
        char *block = malloc(60000);
        for (int fence = 0; fence < 20; fence++) {
            cairn_fence(block, fence * 3000, 2000);
        }
        free(block);
    }
    is_over = true;
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, fence, NULL);
    while (!is_over) {
        cairn_check();
    }
    pthread_join(thread, NULL);
    return 0;
}
