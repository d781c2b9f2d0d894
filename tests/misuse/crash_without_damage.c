// expect: SIGSEGV
#include "misuse.h"

int main(void) {
    char *block = malloc(40);
    free(block);
    *(volatile int *)(volatile uintptr_t){16} = 1;
    return 0;
}
