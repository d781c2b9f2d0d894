/*
 * threads_fuzz.c: up to four threads, which take turns as the input says, against the model. What is live at the end is
 * freed by all of them at once, so that ThreadSanitizer sees them meet.
 */
#include "fuzz/alone.h"
#include "fuzz/fuzzer.h"

#if defined(__clang__)
const char *__tsan_default_suppressions(void);

/* libFuzzer's counters of what was covered are plain bytes that all threads count up; the second is another name of
 * where they begin. ThreadSanitizer asks before it is ready for functions that it watches. */
__attribute__((disable_sanitizer_instrumentation)) const char *__tsan_default_suppressions(void) {
    return "race:__start___sancov_cntrs\nrace:__TMC_END__\n";
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_alone_run(data, size, CN_PROGRAM_CREW);
    return 0;
}
