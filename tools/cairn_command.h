/*
 * cairn_command.h: a subcommand of the command line tool, and sets of them. Each lies in a file of its own,
 * cairn_<name>.c, and is named once in the set in cairn.c; the overview that `cairn --help` prints comes from that set.
 */
#ifndef CAIRN_COMMAND_H
#define CAIRN_COMMAND_H

#include <stddef.h>

/* What the tool's exit status says. `cairn run` ends with the program's own status, and where it cannot start the
 * program, with those that env(1) uses. */
enum cn_exit {
    CN_EXIT_OK = 0,
    CN_EXIT_FAILED = 1,           /* the command understood what it was asked for and could not do it */
    CN_EXIT_USAGE = 2,            /* the command line makes no sense */
    CN_EXIT_DIFFERS = 1,          /* diff: a run differs, or Cairn reports a bug */
    CN_EXIT_DIFF_VARIES = 3,      /* diff: the program varies by itself */
    CN_EXIT_RUN_FAILED = 125,     /* run: failed before it came to the program */
    CN_EXIT_CANNOT_EXECUTE = 126, /* run: the program is there and cannot be executed */
    CN_EXIT_NOT_FOUND = 127,      /* run: there is no such program */
};

struct cn_command {
    const char *name;
    const char *summary; /* one line for the overview, no full stop */
    /* Returns the exit status. argv[0] is "cairn <name>", the name for messages; the rest is what followed it. Usage
     * errors and --help end the process from within. */
    int (*run)(int argc, char **argv);
};

/* The commands under one name, as `cairn` and `cairn fuzz` have them. */
struct cn_command_set {
    const char *doc; /* what they are for: one sentence */
    const struct cn_command *const *commands;
    size_t count;
};

/* The command of that name; NULL: the set has none. */
const struct cn_command *cn_command_find(const struct cn_command_set *set, const char *name);

/* Runs the command that argv[1] names, with what follows. argv[0] is the name of the set. Returns its exit status. A
 * name that there is not, and --help, end the process from within. */
int cn_command_run_of(const struct cn_command_set *set, int argc, char **argv);

extern const struct cn_command cn_command_fuzz;
extern const struct cn_command cn_command_bench;
extern const struct cn_command cn_command_diff;
extern const struct cn_command cn_command_run;
extern const struct cn_command cn_command_stats;
extern const struct cn_command cn_command_version;

#endif
