/* A program that knows nothing of Cairn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **names) {
    char *greeting = strdup("Hello");
    for (int i = 1; i < count && greeting != NULL; i++) {
        size_t bytes = strlen(greeting) + strlen(names[i]) + 3;
        char *longer = malloc(bytes);
        if (longer != NULL) {
            snprintf(longer, bytes, "%s, %s", greeting, names[i]);
        }
        free(greeting);
        greeting = longer;
    }
    puts(greeting != NULL ? greeting : "no memory");
    free(greeting);
    return 0;
}
