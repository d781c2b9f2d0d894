/*
 * unwind_plugin.c: a library with one function, whose frame is of FRAME_BYTES, for unwind_test.
 */
#ifndef FRAME_BYTES
#define FRAME_BYTES 64
#endif

__attribute__((visibility("default"))) void call_back(void (*back)(void));

void call_back(void (*back)(void)) {
    volatile char frame[FRAME_BYTES];
    frame[0] = 1;
    back();
    frame[FRAME_BYTES - 1] = frame[0];
}
