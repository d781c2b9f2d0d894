/*
 * cairn_stats.c: `cairn stats`: reads a stats file and explains it.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/cairn_command.h"
#include "tools/cairn_report.h"
#include "tools/cairn_say.h"

static error_t parse(int key, char *argument, struct argp_state *state) {
    const char **file_name = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one FILE at a time; '%s' is too many", argument);
        }
        *file_name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .parser = parse,
    .args_doc = "FILE",
    .doc = "Explains FILE, stats that a program on Cairn wrote as JSON: what each figure means, where memory is wasted "
           "inside and around blocks, how each size class is used, and what stands out. - is standard input.\v"
           "A stats file comes from `cairn run --stats-json=FILE', from CAIRN_OPTIONS=stats_json=FILE, or from "
           "cairn_stats_print_json() at any time.\n\n"
           "Exit status: 0, 1 if FILE cannot be read, 2 for a wrong command line.",
};

static int explain(FILE *file, const char *file_name, const char *who) {
    struct cn_report report;
    if (!cn_report_read(&report, file, file_name, who)) {
        cn_say_hint("Write one with `cairn run --stats-json=FILE PROGRAM'.");
        return CN_EXIT_FAILED;
    }
    cn_report_explain(&report, stdout);
    cn_report_hint(&report, stdout);
    return CN_EXIT_OK;
}

static int stats_run(int argc, char **argv) {
    const char *file_name = NULL;
    argp_parse(&parser, argc, argv, 0, NULL, &file_name);
    if (strcmp(file_name, "-") == 0) {
        return explain(stdin, "standard input", argv[0]);
    }
    FILE *file = fopen(file_name, "re");
    if (file == NULL) {
        cn_say_error("%s: cannot read %s: %s", argv[0], file_name, strerror(errno));
        return CN_EXIT_FAILED;
    }
    int status = explain(file, file_name, argv[0]);
    fclose(file);
    return status;
}

const struct cn_command cn_command_stats = {"stats", "explain a file of allocator stats", stats_run};
