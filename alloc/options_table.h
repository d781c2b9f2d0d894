/*
 * options_table.h: every option there is: what it takes, its default, what it means, and the field that it sets.
 *
 * `cairn run --help` prints the table, and README has a row for each option, which tests/readme_test.py compares.
 */
#ifndef CN_OPTIONS_TABLE_H
#define CN_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_OPTION_PATH_BYTES = 1024, CN_OPTION_FILL_OFF = -1 };

enum cn_report_form { CN_REPORT_TEXT, CN_REPORT_JSON };
enum cn_color { CN_COLOR_AUTO, CN_COLOR_ALWAYS, CN_COLOR_NEVER };

/* Which blocks lie on guard pages. */
enum cn_guard_choice { CN_GUARD_NONE, CN_GUARD_ALL, CN_GUARD_SAMPLE, CN_GUARD_SERIAL, CN_GUARD_SITE };
enum cn_guard_side { CN_GUARD_AFTER, CN_GUARD_BEFORE };

struct cn_guard_setting {
    enum cn_guard_choice choice;
    uint64_t number; /* of a sample: one block in so many; else the serial number, or the site's hash */
};

/* A share of 2^32: what a random number of 32 bits is compared with. */
#define CN_RATE_ALWAYS ((uint64_t)1 << 32)

/* What each means is said in the table. */
struct cn_options {
    bool stats;
    bool announce;
    char stats_json[CN_OPTION_PATH_BYTES];

    struct cn_guard_setting guard;
    enum cn_guard_side guard_side;
    uint64_t seed;

    int fill_allocated; /* a byte, or CN_OPTION_FILL_OFF */
    int fill_freed;
    size_t quarantine_bytes;
    unsigned stack_depth;
    unsigned protect_pools;
    uint64_t check_every;
    int check_signal;
    bool check_at_exit;
    bool protect_freed;
    bool mismatch;

    bool halt_on_error;
    enum cn_report_form report;
    char log_path[CN_OPTION_PATH_BYTES];
    enum cn_color color;

    bool leaks;
    unsigned leaks_exitcode;
    char leaks_suppressions[CN_OPTION_PATH_BYTES];

    uint64_t break_on;
    uint64_t fail_at;
    uint64_t fail_rate; /* see CN_RATE_ALWAYS */
    bool fail_stacks;
};

/* What is in force; written before main alone. */
extern struct cn_options cn_options;

/* What a value looks like, and what type its field has. */
enum cn_option_type {
    CN_OPTION_SWITCH, /* bool: 0 or 1 */
    CN_OPTION_PATH,   /* char[CN_OPTION_PATH_BYTES] */
    CN_OPTION_FILL,   /* int: a byte, or `off` */
    CN_OPTION_BYTES,  /* size_t: a number, perhaps with K, M or G */
    CN_OPTION_SMALL,  /* unsigned */
    CN_OPTION_COUNT,  /* uint64_t */
    CN_OPTION_RATE,   /* uint64_t: 1/N, or a decimal fraction */
    CN_OPTION_SIGNAL, /* int: a name or a number; 0: none */
    CN_OPTION_CHOICE, /* an enumeration: the word's place among `words` */
    CN_OPTION_GUARD,  /* struct cn_guard_setting */
};

enum cn_option_form { CN_OPTION_OF_BOTH_FORMS, CN_OPTION_OF_DEBUG_FORM };

struct cn_option {
    const char *name;
    enum cn_option_type type;
    enum cn_option_form form;
    size_t field;             /* its offset in struct cn_options */
    uint64_t least, most;     /* of a number */
    const char *const *words; /* of a choice; ends with NULL */
    const char *value;        /* what it takes, as in a usage line */
    const char *preset;       /* the default, as one would write it; "" where nothing is set */
    const char *help;
};

extern const struct cn_option cn_option_table[];
extern const size_t cn_option_count;

#endif
