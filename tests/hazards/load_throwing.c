/*
 * load_throwing.c: a program in C that loads a library in C++, which asks for more memory than there is.
 */
#include "tests/hazards/find.h"

int main(int argc, char **argv) {
    require(argc == 2, "which library?");
    void *library = dlopen(argv[1], RTLD_NOW);
    require(library != NULL, dlerror());
    int (*ask_for_too_much)(size_t);
    find(library, "ask_for_too_much", &ask_for_too_much);
    require(ask_for_too_much((size_t)1 << 46) == 0, "not every new has called the handler and thrown");
    return 0;
}
