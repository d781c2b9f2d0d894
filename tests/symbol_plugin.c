/*
 * symbol_plugin.c: a library that is stripped, for symbol_test; its constructor stays for good if it is told to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((visibility("default"))) uintptr_t address_of_hidden(void);

static __attribute__((noinline)) int hidden_function(int number) { return number * 3 + getpid(); }

uintptr_t address_of_hidden(void) { return (uintptr_t)hidden_function + 0 * (uintptr_t)(hidden_function(1) != 0); }

__attribute__((constructor)) static void stay(void) {
    const char *number = getenv("SYMBOL_PLUGIN_STAYS");
    if (number != NULL) {
        ssize_t written = write(atoi(number), "", 1); // NOLINT: the test's own number
        while (written == 1) {                        // NOLINT(bugprone-infinite-loop): it is told to stay
            (void)pause();
        }
    }
}
