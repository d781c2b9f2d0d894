// expect: exit 0
// options-debug: mismatch=0
#include "misuse.h"

int main(void) {
    free(new int);
    return 0;
}
