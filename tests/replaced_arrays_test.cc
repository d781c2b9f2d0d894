/* A program that replaces the operators of arrays alone. */
#include "tests/replaced.h"

const replaced::kinds replaced::led = {false, true, false, false};

void *operator new[](size_t size) { return replaced::take(size, 16, 16); }
void operator delete[](void *block) noexcept { replaced::give(block, 16); }

int main() { return replaced::run(); }
