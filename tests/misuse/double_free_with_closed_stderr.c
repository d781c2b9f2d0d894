// expect: SIGABRT
/* The report cannot be written; the program ends all the same. */
#include "misuse.h"

int main(void) {
    void *block = malloc(64);
    close(STDERR_FILENO);
    free(block);
    free(block);
    return 0;
}
