/* A double free with other calls in between. */
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *name = strdup("Ada");
    free(name);
    char *title = strdup("Countess of Lovelace");
    free(title);
    free(name);
    return 0;
}
