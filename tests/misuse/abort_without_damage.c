// expect: SIGABRT
#include "misuse.h"

int main(void) {
    free(malloc(40));
    abort();
}
