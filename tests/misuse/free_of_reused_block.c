// expect: exit 0
/* One address has many lives, ended by one thread or another. */
#include "misuse.h"

int main(void) {
    for (int round = 0; round < 1000; round++) {
        void *block = malloc(64);
        if (round % 3 == 0) {
            in_thread(free, block);
        } else {
            free(block);
        }
    }
    require(cairn_check(), "the metadata are whole");
    return 0;
}
