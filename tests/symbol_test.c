/*
 * symbol_test.c: frames and data get their names (symbol.h): functions, files and lines, inlined ones too; modules
 * where there is no more; in a signal handler, and while another thread is stuck in the dynamic linker.
 */
#define _GNU_SOURCE
#include "debug/symbol.h"

#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>

#include "debug/demangle.h"
#include "debug/depot.h"
#include "debug/stack.h"
#include "tests/child.h"
#include "tests/stacks.h"
#include "tests/threads.h"

int symbol_test_number[7] = {1}; /* to be found by its name */

enum { OUTPUT_BYTES = 1 << 16 };

static char output[OUTPUT_BYTES];

/* What is printed of the stack; good until the next call. */
static const char *printed(uint32_t id) {
    struct cn_text text;
    int file = memfd_create("printed", 0);
    MUST(file >= 0);
    cn_text_init(&text, file);
    cn_symbol_print_stack(&text, id);
    MUST(cn_text_fini(&text) == 0);
    ssize_t length = pread(file, output, OUTPUT_BYTES - 1, 0);
    MUST(length >= 0);
    output[length] = '\0';
    MUST(close(file) == 0);
    return output;
}

static const char *printed_frame(uintptr_t frame) { return printed(cn_depot_put(&frame, 1)); }

static NOINLINE uint32_t capture(void) {
    struct cn_stack_start here = cn_stack_here();
    return cn_stack_capture(&here);
}

#define assert_says(text, words) assert_non_null(strstr(text, words))

static void assert_says_line(const char *text, const char *function, int line) {
    char words[200];
    (void)snprintf(words, sizeof words, " in %s ", function);
    assert_says(text, words);
    (void)snprintf(words, sizeof words, "tests/symbol_test.c:%d (", line);
    assert_says(text, words);
}

/* ---- code ---------------------------------------------------------------------------------------------------- */

static int line_of_call;

static NOINLINE uint32_t call_in_function(void) {
    line_of_call = __LINE__ + 1;
    uint32_t id = capture();
    KEEP_FRAME();
    return id;
}

static void frames_have_function_file_and_line(void **state) {
    (void)state;
    const char *text = printed(call_in_function());
    assert_says_line(text, "call_in_function", line_of_call);
    assert_says(text, "    #0 0x");
    assert_says(text, "\n    #1 0x");
    assert_says(text, " in main ");
    assert_says(text, "symbol_test_debug+0x"); /* the program's own file */
}

static inline __attribute__((always_inline)) uint32_t call_inlined(void) {
    line_of_call = __LINE__ + 1;
    uint32_t id = capture();
    KEEP_FRAME();
    return id;
}

static void inlined_functions_are_named_before_those_they_are_in(void **state) {
    (void)state;
    const char *text = printed(call_inlined());
    assert_says_line(text, "call_inlined", line_of_call);
    const char *inner = strstr(text, " in call_inlined ");
    const char *outer = strstr(text, " in inlined_functions_are_named_before_those_they_are_in ");
    assert_non_null(outer);
    assert_true(inner < outer);
}

static void frames_after_calls_are_those_of_the_call(void **state) {
    (void)state;
    /* What a call of `abort` at a function's very end returns to is another function. */
    assert_says(printed_frame((uintptr_t)call_in_function + 1), " in call_in_function ");
    assert_null(strstr(printed_frame((uintptr_t)call_in_function), " in call_in_function "));
    assert_says(printed_frame((uintptr_t)call_in_function | CN_FRAME_INTERRUPTED), " in call_in_function ");
}

static void functions_of_the_c_library_are_named(void **state) {
    (void)state;
    void *function = dlsym(RTLD_DEFAULT, "strtol");
    const char *text = printed_frame((uintptr_t)function + 1);
    assert_says(text, "strtol");
    assert_says(text, "libc.so.6+0x");
}

static void addresses_in_no_module_are_said_to_be(void **state) {
    (void)state;
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    assert_says(printed_frame((uintptr_t)page + 16), " (in no module)\n");
    assert_says(printed_frame(16), "    #0 0x10 (in no module)\n");
    assert_int_equal(munmap(page, 4096), 0);
}

static void stripped_modules_have_their_place_at_least(void **state) {
    (void)state;
    void *library = dlopen("tests/symbol_plugin.so", RTLD_NOW);
    assert_non_null(library);
    uintptr_t (*hidden_function)(void);
    void *symbol = dlsym(library, "address_of_hidden");
    assert_non_null(symbol);
    memcpy(&hidden_function, &symbol, sizeof symbol);
    Dl_info info;
    assert_true(dladdr(symbol, &info) != 0);
    char words[64];
    (void)snprintf(words, sizeof words, "symbol_plugin.so+%#zx)", hidden_function() + 1 - (uintptr_t)info.dli_fbase);
    const char *text = printed_frame(hidden_function() + 1);
    assert_says(text, words);
    assert_null(strstr(text, "hidden_function"));
    assert_says(printed_frame((uintptr_t)symbol + 1), " in address_of_hidden+0x1 (");
    assert_int_equal(dlclose(library), 0);
}

static void stacks_that_are_not_there_are_said_to_be(void **state) {
    (void)state;
    assert_string_equal(printed(CN_DEPOT_NONE), "    (not taken)\n");
    assert_says(printed(CN_DEPOT_FULL), "no room");
}

static void names_of_cxx_are_readable(void **state) {
    (void)state;
    char result[CN_DEMANGLED_BYTES];
    char long_name[600] = "_ZN";
    assert_string_equal(cn_demangle("_ZNSt6vectorIiSaIiEE9push_backEOi", result),
                        "std::vector<int, std::allocator<int> >::push_back(int&&)");
    assert_string_equal(cn_demangle("main", result), "main");
    assert_string_equal(cn_demangle("_Znonsense", result), "_Znonsense");
    assert_string_equal(cn_demangle("", result), "");
    memset(long_name + 3, '1', sizeof long_name - 4);
    assert_string_equal(cn_demangle(long_name, result), long_name);
    /* Each level doubles what is written. */
    const char *doubled = cn_demangle("_Z1fI1aEv1bIS1_S1_E1cIS2_S2_E1dIS3_S3_E1eIS4_S4_E1gIS5_S5_E1hIS6_S6_E1iIS7_S7_E"
                                      "1jIS8_S8_E1kIS9_S9_E",
                                      result);
    assert_in_range(strlen(doubled), 1, CN_DEMANGLED_BYTES - 1);
}

/* ---- data ---------------------------------------------------------------------------------------------------- */

static void variables_are_named_by_any_of_their_bytes(void **state) {
    (void)state;
    struct cn_symbol symbol;
    for (size_t byte = 0; byte < sizeof symbol_test_number; byte++) {
        assert_true(cn_symbol_find((uintptr_t)symbol_test_number + byte, &symbol));
        assert_string_equal(symbol.name, "symbol_test_number");
        assert_int_equal(symbol.address, (uintptr_t)symbol_test_number);
        assert_int_equal(symbol.size_bytes, sizeof symbol_test_number);
    }
    assert_true(cn_symbol_find((uintptr_t)call_in_function + 2, &symbol));
    assert_string_equal(symbol.name, "call_in_function");
    assert_false(cn_symbol_find((uintptr_t)&symbol, &symbol));
    assert_false(cn_symbol_find(0, &symbol));
}

/* ---- bad moments --------------------------------------------------------------------------------------------- */

static void nothing_is_allocated(void **state) {
    (void)state;
    char *block = malloc(1); /* so that there is a heap */
    uint32_t id = call_in_function();
    int file = memfd_create("printed", 0);
    struct cn_text text;
    struct mallinfo2 before = mallinfo2();
    cn_text_init(&text, file);
    cn_symbol_print_stack(&text, id);
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(cn_text_fini(&text), 0);
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.fordblks, before.fordblks);
    assert_int_equal(close(file), 0);
    free(block);
}

static void print_in_handler(int number) {
    (void)number;
    MUST(strstr(printed(call_in_function()), " in call_in_function ") != NULL);
}

/* All modules are read there for the first time. */
static void fault_on_small_stack(void *argument) {
    stack_t other = {.ss_size = 64 * KIB};
    struct sigaction action = {.sa_handler = print_in_handler, .sa_flags = SA_ONSTACK};
    (void)argument;
    other.ss_sp = mmap(NULL, other.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(other.ss_sp != MAP_FAILED && sigaltstack(&other, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
}

static void names_are_found_in_a_handler_on_a_small_stack(void **state) {
    (void)state;
    struct child_end end = run_in_child(fault_on_small_stack, NULL, 60);
    assert_true(child_succeeded(&end));
}

static void *stay_in_dlopen(void *argument) {
    (void)dlopen("tests/symbol_plugin.so", RTLD_NOW);
    return argument;
}

/* The constructor of the library holds the dynamic linker's lock for good. */
static void print_beside_dlopen(void *argument) {
    int ends[2];
    char number[16];
    char byte;
    pthread_t thread;
    (void)argument;
    MUST(pipe(ends) == 0);
    (void)snprintf(number, sizeof number, "%d", ends[1]);
    MUST(setenv("SYMBOL_PLUGIN_STAYS", number, 1) == 0);
    start_all(&thread, 1, stay_in_dlopen, NULL);
    MUST(read(ends[0], &byte, 1) == 1);
    MUST(strstr(printed(call_in_function()), " in call_in_function ") != NULL);
    _exit(0);
}

static void names_are_found_while_another_thread_is_in_dlopen(void **state) {
    (void)state;
    struct child_end end = run_in_child(print_beside_dlopen, NULL, 60);
    assert_true(child_succeeded(&end));
}

int main(void) {
    cn_stack_set_depth(CN_FRAME_MAX_DEPTH);
    /* Those first that are to be the first to read this program. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_a_handler_on_a_small_stack),
        cmocka_unit_test(names_are_found_while_another_thread_is_in_dlopen),
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(frames_have_function_file_and_line),
        cmocka_unit_test(inlined_functions_are_named_before_those_they_are_in),
        cmocka_unit_test(frames_after_calls_are_those_of_the_call),
        cmocka_unit_test(functions_of_the_c_library_are_named),
        cmocka_unit_test(addresses_in_no_module_are_said_to_be),
        cmocka_unit_test(stripped_modules_have_their_place_at_least),
        cmocka_unit_test(stacks_that_are_not_there_are_said_to_be),
        cmocka_unit_test(names_of_cxx_are_readable),
        cmocka_unit_test(variables_are_named_by_any_of_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
