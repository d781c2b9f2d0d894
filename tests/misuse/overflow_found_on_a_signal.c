// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at signal
// options-debug: check_signal=USR1
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(24));
    spoil(block + 24, 1);
    if (strstr(cairn_version(), "debug") != NULL) {
        raise(SIGUSR1);
    }
    _exit(0);
    return 0;
}
