/* Prints a letter of a name that was freed before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *name = strdup("Ada");
    free(name);
    putchar(name[0]);
    return 0;
}
