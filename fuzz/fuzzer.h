/*
 * fuzzer.h: what a harness gives its driver, under the names of libFuzzer: libFuzzer itself, AFL++, or replay_main.c.
 */
#ifndef CAIRN_FUZZ_FUZZER_H
#define CAIRN_FUZZ_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input. Returns 0; aborts where what the harness tests does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional: called once before the first input. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Optional: changes the `size` bytes at `data`, which has room for `max_size`. Returns the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Optional: a mix of two inputs, in `out`. Returns its size, at most `max_size`. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second, size_t second_size,
                                 uint8_t *out, size_t max_size, unsigned seed);

#endif
