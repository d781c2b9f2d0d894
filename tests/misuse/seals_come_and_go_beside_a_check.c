// expect: exit 0
#include "misuse.h"

static volatile bool is_over;

static void *seal_and_write(void *argument) {
    enum { BYTES = 60000 };
    char *block = calloc(1, BYTES);
    for (int i = 0; i < 2000; i++) {
        cairn_seal(block);
        cairn_unseal(block);
        block[i * 29 % BYTES]++;
    }
    free(block);
    is_over = true;
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, seal_and_write, NULL);
    while (!is_over) {
        cairn_check();
    }
    pthread_join(thread, NULL);
    return 0;
}
