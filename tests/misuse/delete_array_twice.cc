// expect: double-free: delete\[\] of @, which is already free
#include "misuse.h"

int main() {
    int *array = new int[100];
    aim(array);
    delete[] array;
    delete[] array;
    return 0;
}
