/* `level` is read before it is written. */
#include <stdio.h>
#include <stdlib.h>

struct settings {
    int count;
    int level;
};

int main(void) {
    struct settings *settings = malloc(sizeof *settings);
    settings->count = 1;
    printf("level %d\n", settings->level);
    free(settings);
    return 0;
}
