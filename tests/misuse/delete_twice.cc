// expect: double-free: delete of @, which is already free
#include "misuse.h"

int main() {
    int *object = new int(1);
    aim(object);
    delete object;
    delete object;
    return 0;
}
