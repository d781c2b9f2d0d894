/*
 * crash_program.c: crashes on a pointer that it has read, from a `freed` block or from a `new` one, as its argument says; or
 * on one of its own, `other`.
 */
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    int value;
};

int main(int count, char **arguments) {
    const char *where = count > 1 ? arguments[1] : "other";
    struct node *volatile node = malloc(sizeof *node);
    if (strcmp(where, "freed") == 0) {
        node->next = node;
        free(node);
    }
    struct node *volatile next = strcmp(where, "other") == 0 ? (struct node *)64 : node->next;
    return next->value;
}
