/*
 * commit.c: works under vm.overcommit_memory=2: what the system cannot promise is NULL and ENOMEM, all else goes on.
 * The argument is a number of bytes that the system cannot promise.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

static void use(size_t size) {
    void *block = malloc(size);
    require(block != NULL, "no memory for an ordinary request");
    memset(block, 1, size);
    block = realloc(block, size * 2);
    require(block != NULL, "no memory to resize");
    memset(block, 2, size * 2);
    free(block);
    block = calloc(1, size);
    require(block != NULL, "no clear memory");
    free(block);
}

int main(int argc, char **argv) {
    require(argc == 2, "usage: commit BYTES");
    size_t beyond = strtoull(argv[1], NULL, 10);
    void *kept = malloc(100);
    for (unsigned i = 0; i < 20; i++) {
        errno = 0;
        require(hide(malloc(beyond)) == NULL && errno == ENOMEM, "the system promised too much to malloc");
        errno = 0;
        require(hide(calloc(beyond / 8, 8)) == NULL && errno == ENOMEM, "the system promised too much to calloc");
        errno = 0;
        require(hide(realloc(hide(kept), beyond)) == NULL && errno == ENOMEM,
                "the system promised too much to realloc");
        for (size_t size = 1; size < 30000000; size *= 3) {
            use(size);
        }
    }
    free(kept);
    return 0;
}
