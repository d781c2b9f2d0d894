#include "options_table.h"

struct cn_options cn_options = {
    .announce = true,
    .fill_allocated = 0xCD,
    .fill_freed = 0xDD,
    .quarantine_bytes = (size_t)64 << 20,
    .stack_depth = 16,
    .check_at_exit = true,
    .protect_freed = true,
    .protect_pools = 32,
    .mismatch = true,
    .halt_on_error = true,
    .leaks_exitcode = 23,
};

static const char *const sides[] = {"after", "before", NULL};
static const char *const reports[] = {"text", "json", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};

#define FIELD(name) offsetof(struct cn_options, name)
#define SWITCH(name, form, preset, help)                                                                               \
    { #name, CN_OPTION_SWITCH, form, FIELD(name), 0, 1, NULL, "0|1", preset, help }
#define PATH(name, form, help)                                                                                         \
    { #name, CN_OPTION_PATH, form, FIELD(name), 0, 0, NULL, "PATH", "", help }
#define FILL(name, preset, help)                                                                                       \
    { #name, CN_OPTION_FILL, CN_OPTION_OF_DEBUG_FORM, FIELD(name), 0, UINT8_MAX, NULL, "BYTE|off", preset, help }
#define SMALL(name, most, preset, help)                                                                                \
    { #name, CN_OPTION_SMALL, CN_OPTION_OF_DEBUG_FORM, FIELD(name), 0, most, NULL, "N", preset, help }
#define COUNT(name, form, help)                                                                                        \
    { #name, CN_OPTION_COUNT, form, FIELD(name), 0, UINT64_MAX, NULL, "N", "0", help }
#define CHOICE(name, form, words, value, preset, help)                                                                 \
    { #name, CN_OPTION_CHOICE, form, FIELD(name), 0, 0, words, value, preset, help }

#define BOTH CN_OPTION_OF_BOTH_FORMS
#define DEBUG CN_OPTION_OF_DEBUG_FORM

const struct cn_option cn_option_table[] = {
    SWITCH(stats, BOTH, "0", "prints the stats on standard error when the program ends"),
    PATH(stats_json, BOTH, "writes them as JSON to PATH at its end; `%p` in it is the process id"),
    {"guard", CN_OPTION_GUARD, CN_OPTION_OF_BOTH_FORMS, FIELD(guard), 0, UINT64_MAX, NULL,
     "none|all|1/N|serial:N|site:HASH", "none", "puts blocks beside pages that cannot be accessed; release: none, 1/N"},
    CHOICE(guard_side, BOTH, sides, "after|before", "after", "the side of such a block on which that page lies"),
    COUNT(seed, BOTH, "makes what is random the same in every run; 0: it differs"),
    SWITCH(announce, BOTH, "1", "tells AddressSanitizer and Valgrind of each block, where they watch"),

    FILL(fill_allocated, "0xCD", "what new blocks are filled with, up to 64 KiB of each"),
    FILL(fill_freed, "0xDD", "what freed blocks are filled with; off: writes after free are not found"),
    {"quarantine", CN_OPTION_BYTES, CN_OPTION_OF_DEBUG_FORM, FIELD(quarantine_bytes), 0, PTRDIFF_MAX, NULL, "BYTES",
     "64M", "memory of freed blocks that waits before its next use; takes K, M, G"},
    SMALL(stack_depth, 64, "16", "how many calls are remembered of each allocation and free, up to 64"),
    COUNT(check_every, DEBUG, "checks all blocks at every Nth call; 0: never"),
    {"check_signal", CN_OPTION_SIGNAL, CN_OPTION_OF_DEBUG_FORM, FIELD(check_signal), 0, 64, NULL, "SIGNAL", "0",
     "checks all blocks on a signal, like `USR1` or a number; 0: none"},
    SWITCH(check_at_exit, DEBUG, "1", "checks all blocks when the program ends"),
    SWITCH(protect_freed, DEBUG, "1", "makes freed memory inaccessible where that is cheap"),
    SMALL(protect_pools, 4096, "32", "at most so many pools of small blocks, at a time, where all are freed"),
    SWITCH(mismatch, DEBUG, "1", "reports `new` against `free`, `delete` against `new[]` and the like"),

    SWITCH(halt_on_error, DEBUG, "1", "raises SIGABRT after a report; 0: goes on where that is safe"),
    CHOICE(report, DEBUG, reports, "text|json", "text", "whether reports are text, or one line of JSON each"),
    PATH(log_path, DEBUG, "writes reports to PATH, not standard error; `%p` is the process id"),
    CHOICE(color, DEBUG, colors, "auto|always|never", "auto", "when reports have colours; auto: on a terminal"),

    SWITCH(leaks, DEBUG, "0", "reports blocks that nothing points to when the program ends"),
    SMALL(leaks_exitcode, UINT8_MAX, "23", "what a program with leaks exits with; 0: with its own status"),
    PATH(leaks_suppressions, DEBUG, "a file of functions whose leaks are not reported"),

    COUNT(break_on, DEBUG, "raises SIGTRAP in the Nth allocation; 0: in none"),
    COUNT(fail_at, DEBUG, "lets the Nth allocation fail; 0: none"),
    {"fail_rate", CN_OPTION_RATE, CN_OPTION_OF_DEBUG_FORM, FIELD(fail_rate), 0, CN_RATE_ALWAYS, NULL, "1/N|SHARE", "0",
     "lets a random share of allocations fail, like `1/100` or `0.01`"},
    SWITCH(fail_stacks, DEBUG, "0", "prints the calls that led to each such failure"),
};

const size_t cn_option_count = sizeof cn_option_table / sizeof cn_option_table[0];
