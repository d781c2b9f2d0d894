/* A program whose operators new and delete keep bytes of their own before each block. */
#include "tests/replaced.h"

const replaced::kinds replaced::led = {true, true, false, false};

void *operator new(size_t size) { return replaced::take(size, 16, 16); }
void operator delete(void *block) noexcept { replaced::give(block, 16); }

int main() { return replaced::run(); }
