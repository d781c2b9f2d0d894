/*
 * cairn_diff.c: `cairn diff`: runs a program several times under the debug form, each time with something changed that
 * a correct program cannot notice, and compares what it does. No instrumentation is needed: a program that reads memory
 * that it has not written reads other bytes each time.
 *
 * The second run changes nothing. Where it differs from the first, the program varies by itself, and nothing can be
 * told.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cairn_command.h"
#include "tools/cairn_log.h"
#include "tools/cairn_outcome.h"
#include "tools/cairn_say.h"
#include "tools/cairn_start.h"
#include "tools/cairn_target.h"
#include "tools/cairn_text.h"

enum { FILL_NEW = 0xCD, FILL_FREED = 0xDD, OTHER_FILL = 0x5A, QUARANTINE_BYTES = 64 << 20 };

/* What a difference says of the program. */
enum meaning { MEANING_VARIES, MEANING_READS_NEW, MEANING_READS_FREED, MEANING_ADDRESSES, MEANING_COUNT };

struct variation {
    const char *name;
    enum meaning meaning;
    unsigned fill_new;
    unsigned fill_freed;
    unsigned quarantine_bytes;
    enum cn_addresses addresses;
};

/* The first two are the same. */
static const struct variation variations[] = {
    {"as it is", MEANING_VARIES, FILL_NEW, FILL_FREED, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"again", MEANING_VARIES, FILL_NEW, FILL_FREED, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"new blocks filled with 0x00", MEANING_READS_NEW, 0, FILL_FREED, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"new blocks filled with 0x5A", MEANING_READS_NEW, OTHER_FILL, FILL_FREED, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"freed blocks filled with 0x00", MEANING_READS_FREED, FILL_NEW, 0, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"freed blocks filled with 0x5A", MEANING_READS_FREED, FILL_NEW, OTHER_FILL, QUARANTINE_BYTES, CN_ADDRESSES_FIXED},
    {"freed blocks reused at once", MEANING_READS_FREED, FILL_NEW, FILL_FREED, 0, CN_ADDRESSES_FIXED},
    {"other addresses", MEANING_ADDRESSES, FILL_NEW, FILL_FREED, QUARANTINE_BYTES, CN_ADDRESSES_RANDOM},
};

enum { VARIATION_COUNT = sizeof variations / sizeof variations[0] };

static const char *const conclusions[MEANING_COUNT] = {
    [MEANING_VARIES] = "It varies by itself, so that nothing can be told. Next: take time, process ids, random numbers "
                       "and threads out of what it prints, as far as its options allow.",
    [MEANING_READS_NEW] = "It reads new blocks before it has written them. Next: find the read with `valgrind "
                          "--track-origins=yes', or with a build by `clang -fsanitize=memory'.",
    [MEANING_READS_FREED] = "It reads blocks after their free. Next: `cairn run --debug --option guard=all -- PROGRAM' "
                            "stops at the read.",
    [MEANING_ADDRESSES] =
        "It depends on addresses: it prints, compares or hashes pointers, or reads past a block's end. "
        "Next: `cairn run --debug --option guard=all -- PROGRAM' stops at such a read.",
};

static const char report_start[] = "cairn: ERROR: ";

struct diff_arguments {
    const char *name; /* of the command, for messages */
    unsigned limit_seconds;
    char **program; /* its name and arguments; NULL: none given */
};

/* ---- the runs ------------------------------------------------------------------------------------------------ */

/* All of one length, so that the program's stack lies where it lay. What CAIRN_OPTIONS holds already comes first; the
 * later of two values holds. */
static char *settings_of(const struct variation *variation) {
    const char *inherited = getenv("CAIRN_OPTIONS");
    bool has_some = inherited != NULL && inherited[0] != '\0';
    return cn_text_format("%s%sseed=1:color=never:report=text:log_path=%s:fill_allocated=0x%02X:fill_freed=0x%02X:"
                          "quarantine=%08u",
                          has_some ? inherited : "", has_some ? ":" : "", cn_log_path(), variation->fill_new,
                          variation->fill_freed, variation->quarantine_bytes);
}

static int take(struct cn_trial trial, const struct variation *variation, struct cn_outcome *outcome) {
    char *settings = settings_of(variation);
    trial.settings = settings;
    trial.addresses = variation->addresses;
    printf("  %-30s ", variation->name);
    int failure = cn_outcome_take(&trial, outcome);
    if (failure != 0) {
        puts("not run");
    }
    free(settings);
    return failure;
}

/* What cannot be written to the log comes on standard error: a fault of Cairn itself, or what a program has done that
 * may not write there any more. */
static bool print_report(const struct cn_outcome *outcome) {
    struct cn_written line = cn_outcome_find_line(outcome, CN_STREAM_SAID, report_start);
    if (line.bytes == NULL) {
        line = cn_outcome_find_line(outcome, CN_STREAM_ERR, report_start);
    }
    if (line.bytes == NULL) {
        return false;
    }
    printf("reports a bug\n    %.*s\n", (int)line.length, line.bytes);
    return true;
}

static bool compare(const struct cn_outcome *first, const struct cn_outcome *outcome) {
    if (print_report(outcome)) {
        return true;
    }
    if (!cn_outcome_is_same(first, outcome)) {
        puts("differs");
        cn_outcome_print_difference(first, outcome, "    ");
        return true;
    }
    puts("the same");
    return false;
}

/* Runs all variations but the first, whose outcome is given. Notes in `found` what differs. */
static int vary(const struct cn_trial *trial, const struct cn_outcome *first, bool found[MEANING_COUNT]) {
    for (size_t i = 1; i < VARIATION_COUNT && !found[MEANING_VARIES]; i++) {
        struct cn_outcome outcome;
        int failure = take(*trial, &variations[i], &outcome);
        if (failure != 0) {
            return failure;
        }
        found[variations[i].meaning] |= compare(first, &outcome);
        cn_outcome_drop(&outcome);
    }
    return 0;
}

static bool is_cut_off(const struct cn_outcome *outcome) {
    return WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == SIGALRM;
}

static int conclude(const bool found[MEANING_COUNT], bool is_cut) {
    bool is_any = false;
    puts("");
    for (size_t i = 0; i < MEANING_COUNT; i++) {
        if (found[i]) {
            puts(conclusions[i]);
            is_any = true;
        }
    }
    if (!is_any) {
        puts(is_cut ? "No run differs from the first, as far as it went: all were ended by SIGALRM."
                    : "No run differs from the first.");
        return CN_EXIT_OK;
    }
    return found[MEANING_VARIES] ? CN_EXIT_DIFF_VARIES : CN_EXIT_DIFFERS;
}

static int compare_all(const struct cn_trial *trial) {
    struct cn_outcome first;
    bool found[MEANING_COUNT] = {false};
    int failure = take(*trial, &variations[0], &first);
    if (failure != 0) {
        return failure;
    }
    if (print_report(&first)) {
        puts("\nNext: mend this first; `cairn run --debug -- PROGRAM' shows all of the report.");
        cn_outcome_drop(&first);
        return CN_EXIT_DIFFERS;
    }
    cn_outcome_print_ending(&first);
    failure = vary(trial, &first, found);
    bool is_cut = is_cut_off(&first);
    cn_outcome_drop(&first);
    return failure != 0 ? failure : conclude(found, is_cut);
}

/* ---- the command line ---------------------------------------------------------------------------------------- */

static const struct argp_option diff_options[] = {
    {"time-limit", 't', "SECONDS", 0, "End a run after SECONDS, by SIGALRM", 0},
    {0},
};

static unsigned parse_seconds(const char *text, struct argp_state *state) {
    enum { DECIMAL = 10, MOST_SECONDS = 1000000 };
    char *end = NULL;
    long seconds = strtol(text, &end, DECIMAL);
    if (end == text || *end != '\0' || seconds < 1 || seconds > MOST_SECONDS) {
        argp_error(state, "--time-limit wants a number of seconds from 1 to %d, not '%s'", MOST_SECONDS, text);
    }
    return (unsigned)seconds;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
    struct diff_arguments *arguments = state->input;
    switch (key) {
    case 't':
        arguments->limit_seconds = parse_seconds(argument, state);
        return 0;
    case ARGP_KEY_ARG:
        arguments->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no program given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = diff_options,
    .parser = parse,
    .args_doc = "[--] PROGRAM [ARGUMENT...]",
    .doc =
        "Runs PROGRAM eight times under Cairn's debug form, with other bytes in new and in freed blocks and at other "
        "addresses, and compares what it writes and how it ends. Finds reads of memory that was not written yet or "
        "is freed already, where they change what the program does.\v"
        "Every run gets the same standard input, which is read once; from a terminal, none. Files that PROGRAM "
        "changes are not put back between the runs. What CAIRN_OPTIONS holds is kept, such as guard=all, but for "
        "report and log_path: what Cairn says goes to a file of the tool's own.\n\n"
        "Exit status: 0 if all runs are the same, 1 if one differs or Cairn reports a bug, 2 for a wrong command "
        "line, 3 if PROGRAM varies by itself, 125 if a run cannot be made, 126 if PROGRAM cannot be executed, 127 if "
        "there is no such PROGRAM.\n\n"
        "Examples:\n"
        "  cairn diff -- ./parser input.xml\n"
        "  cairn diff --time-limit=10 -- sort -n <numbers\n",
};

/* A file with all of the standard input; -1 with errno. */
static int keep_input(void) {
    enum { CHUNK_BYTES = 1 << 16 };
    static char chunk[CHUNK_BYTES];
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || isatty(STDIN_FILENO) != 0) {
        return file;
    }
    ssize_t length;
    while ((length = read(STDIN_FILENO, chunk, sizeof chunk)) > 0) {
        if (write(file, chunk, (size_t)length) != length) {
            return -1;
        }
    }
    return file; /* a standard input that is closed is an empty one */
}

/* 0, or the exit status after a message. */
static int check_program(const struct diff_arguments *arguments) {
    const char *program = arguments->program[0];
    char *path = cn_target_find(program);
    if (path != NULL) {
        free(path);
        cn_start_warn(arguments->name, program);
        return 0;
    }
    if (strchr(program, '/') != NULL && access(program, F_OK) == 0) {
        cn_say_error("%s: '%s' cannot be executed", arguments->name, program);
        return CN_EXIT_CANNOT_EXECUTE;
    }
    cn_say_error("%s: there is no program '%s'", arguments->name, program);
    return CN_EXIT_NOT_FOUND;
}

static int compare_in_log(const struct cn_trial *trial) {
    if (!cn_log_init()) {
        cn_say_error("%s: cannot make a file for what Cairn says: %s", trial->command, strerror(errno));
        return CN_EXIT_RUN_FAILED;
    }
    printf("%d runs of %s\n", VARIATION_COUNT, trial->program[0]);
    int status = compare_all(trial);
    cn_log_fini();
    return status;
}

static int run(int argc, char **argv) {
    struct diff_arguments arguments = {.name = argv[0]};
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
    int failure = check_program(&arguments);
    if (failure != 0) {
        return failure;
    }
    char *library = cn_start_library(arguments.name, CN_LIBRARY_DEBUG);
    if (library == NULL) {
        return CN_EXIT_RUN_FAILED;
    }
    struct cn_trial trial = {.command = arguments.name,
                             .library = library,
                             .program = arguments.program,
                             .input = keep_input(),
                             .limit_seconds = arguments.limit_seconds};
    int status = CN_EXIT_RUN_FAILED;
    if (trial.input >= 0) {
        status = compare_in_log(&trial);
        close(trial.input);
    } else {
        cn_say_error("%s: cannot keep the standard input: %s", arguments.name, strerror(errno));
    }
    free(library);
    return status;
}

const struct cn_command cn_command_diff = {"diff", "run a program several times and find reads of bad memory", run};
