/* A program with plain operators new and delete of its own, which are malloc and free. */
#include "tests/replaced.h"

const replaced::kinds replaced::led = {true, true, false, false};

void *operator new(size_t size) { return replaced::take(size, 16, 0); }
void operator delete(void *block) noexcept { replaced::give(block, 0); }

int main() { return replaced::run(); }
