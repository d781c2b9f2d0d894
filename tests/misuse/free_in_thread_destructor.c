// expect: exit 0
/* The destructors of thread-specific data run late in a thread's life, and free what the thread or another made. */
#include "misuse.h"

static pthread_key_t key;

static void set_and_leave(void *block) {
    free(malloc(64));
    pthread_setspecific(key, block);
}

int main(void) {
    pthread_key_create(&key, free);
    for (int i = 0; i < 100; i++) {
        in_thread(set_and_leave, malloc(64));
    }
    require(cairn_check(), "the metadata are whole");
    return 0;
}
