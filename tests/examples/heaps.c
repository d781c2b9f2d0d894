/* A heap of its own for each request: it cannot take more than its budget, and goes at once when the request is done. */
#include <errno.h>
#include <stdio.h>

#include "cairn.h"

int main(void) {
    struct cairn_heap_options options = {.budget_bytes = 8 << 20};
    struct cairn_heap *request = cairn_heap_create("request", &options);
    size_t blocks = 0;
    if (request == NULL) {
        return 1;
    }
    while (cairn_heap_malloc(request, 1000) != NULL) {
        blocks++;
    }
    printf("%zu blocks, then %s\n", blocks, errno == ENOMEM ? "ENOMEM" : "something else");
    cairn_heap_destroy(request); /* all of them */
    return 0;
}
