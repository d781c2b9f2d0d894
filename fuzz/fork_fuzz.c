/*
 * fork_fuzz.c: up to four threads, which take turns as the input says, and a fork between two operations: all that is
 * so of parent's blocks is so of the child's, in which the other threads' heaps have no thread any more.
 *
 *   byte 0, 1  the operation before which the process forks, the low byte first
 *   byte 2, 3  nothing, so that a program starts at a multiple of four
 *   the rest   a program (program.h)
 */
#include "fuzz/alone.h"
#include "fuzz/bytes.h"
#include "fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cn_bytes input = cn_bytes_of(data, size);
    size_t fork_at = cn_bytes_take_number(&input, 2);
    (void)cn_bytes_take_number(&input, 2);
    cn_alone_run_forked(input.next, (size_t)(input.end - input.next), fork_at);
    return 0;
}
