// expect: exit 0
// expect-debug: exit 0
// options-debug: leaks=1
#include "misuse.h"

static char *inside;

int main(void) {
    inside = (char *)malloc(100) + 50;
    return 0;
}
