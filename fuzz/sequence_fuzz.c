/*
 * sequence_fuzz.c: one thread's operations, mostly on its default heap, against the model.
 */
#include "fuzz/alone.h"
#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_alone_run(data, size, CN_PROGRAM_SEQUENCE);
    return 0;
}
