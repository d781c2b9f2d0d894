/*
 * heaps_fuzz.c: one thread's operations on named heaps, with budgets and callbacks, against the model.
 */
#include "fuzz/alone.h"
#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_alone_run(data, size, CN_PROGRAM_HEAPS_ALL);
    return 0;
}
