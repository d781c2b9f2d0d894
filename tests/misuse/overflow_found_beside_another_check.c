// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at cairn_check
#include "misuse.h"

static void *check_for_ever(void *argument) {
    for (;;) {
        cairn_check();
    }
    return argument;
}

/* A call of its own sees what was written before it, though another thread looks all the time. */
int main(void) {
    pthread_t other;
    unsigned char *block = aim(malloc(40));
    for (unsigned i = 0; i < 100000; i++) {
        (void)malloc(100);
    }
    if (pthread_create(&other, NULL, check_for_ever, NULL) != 0) {
        return 1;
    }
    usleep(20 * 1000);
    spoil(block + 40, 1);
    cairn_check();
    spoil(block + 40, 1);
    _exit(0);
}
