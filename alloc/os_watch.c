/*
 * os_watch.c: os_watch.h for AddressSanitizer, which is chosen when this is compiled, and memcheck, which is met at run
 * time. Where Valgrind's headers are not installed its part is empty.
 */
#include "os_watch.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif

bool cn_watch_found;

#if defined(UNDER_ASAN)

#include <sanitizer/asan_interface.h>

static void (*describe_address)(const void *address);

static void on_report(const char *text) {
    (void)text;
    describe_address(__asan_get_report_address());
}

bool cn_watch_can_start(void) { return true; }

void cn_watch_start(void (*describe)(const void *address)) {
    describe_address = describe;
    __asan_set_error_report_callback(on_report);
    cn_watch_found = true;
}

void cn_watch_hide(const void *memory, size_t bytes) {
    if (cn_watch_is_on()) {
        __asan_poison_memory_region(memory, bytes);
    }
}

void cn_watch_show(const void *memory, size_t bytes) {
    if (cn_watch_is_on()) {
        __asan_unpoison_memory_region(memory, bytes);
    }
}

void cn_watch_block_starts(const void *block, size_t bytes, enum cn_watch_bytes set) {
    (void)set;
    cn_watch_show(block, bytes);
}

void cn_watch_block_ends(const void *block, size_t bytes) { cn_watch_hide(block, bytes); }

void cn_watch_trust(const void *bytes, size_t count) { (void)bytes, (void)count; }
void cn_watch_mute(void) {}
void cn_watch_unmute(void) {}

#elif __has_include(<valgrind/memcheck.h>)

#include <valgrind/memcheck.h>

/* Other tools than memcheck know nothing of which bytes are set, and are not told of blocks. */
bool cn_watch_can_start(void) {
    unsigned char byte = 0;
    unsigned char bits = 0;
    return RUNNING_ON_VALGRIND != 0 && VALGRIND_GET_VBITS(&byte, &bits, sizeof byte) == 1;
}

void cn_watch_start(void (*describe)(const void *address)) {
    (void)describe;
    cn_watch_found = true;
}

void cn_watch_hide(const void *memory, size_t bytes) {
    if (cn_watch_is_on()) {
        (void)VALGRIND_MAKE_MEM_NOACCESS(memory, bytes);
    }
}

void cn_watch_show(const void *memory, size_t bytes) {
    if (cn_watch_is_on()) {
        (void)VALGRIND_MAKE_MEM_UNDEFINED(memory, bytes);
    }
}

void cn_watch_block_starts(const void *block, size_t bytes, enum cn_watch_bytes set) {
    if (cn_watch_is_on()) {
        VALGRIND_MALLOCLIKE_BLOCK(block, bytes, CN_WATCH_GAP_BYTES, set == CN_WATCH_SET);
    }
}

void cn_watch_block_ends(const void *block, size_t bytes) {
    (void)bytes; /* memcheck knows */
    if (cn_watch_is_on()) {
        VALGRIND_FREELIKE_BLOCK(block, CN_WATCH_GAP_BYTES);
    }
}

void cn_watch_trust(const void *bytes, size_t count) {
    if (cn_watch_is_on()) {
        (void)VALGRIND_MAKE_MEM_DEFINED(bytes, count);
    }
}

void cn_watch_mute(void) { VALGRIND_DISABLE_ERROR_REPORTING; }
void cn_watch_unmute(void) { VALGRIND_ENABLE_ERROR_REPORTING; }

#else

bool cn_watch_can_start(void) { return false; }
void cn_watch_start(void (*describe)(const void *address)) { (void)describe; }
void cn_watch_hide(const void *memory, size_t bytes) { (void)memory, (void)bytes; }
void cn_watch_show(const void *memory, size_t bytes) { (void)memory, (void)bytes; }
void cn_watch_block_starts(const void *block, size_t bytes, enum cn_watch_bytes set) {
    (void)block, (void)bytes, (void)set;
}
void cn_watch_block_ends(const void *block, size_t bytes) { (void)block, (void)bytes; }
void cn_watch_trust(const void *bytes, size_t count) { (void)bytes, (void)count; }
void cn_watch_mute(void) {}
void cn_watch_unmute(void) {}

#endif
