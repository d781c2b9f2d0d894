// expect: exit 0
#include "misuse.h"

/* A block that grows by a little each time need not be moved each time: that would take some 12 s here. */
int main(void) {
    enum { STEP = 64 * KIB, STEPS = 2000, SECONDS = 4 };
    char *block = NULL;
    struct rusage usage;
    for (size_t i = 0; i < STEPS; i++) {
        block = realloc(block, (i + 1) * STEP);
        memset(block + i * STEP, (int)(i % 100), STEP);
    }
    for (size_t i = 0; i < STEPS; i++) {
        require(block[i * STEP] == (char)(i % 100) && block[i * STEP + STEP - 1] == (char)(i % 100),
                "contents are kept");
    }
    free(block);
    (void)getrusage(RUSAGE_SELF, &usage);
    require(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < SECONDS, "it does not take long");
    return 0;
}
