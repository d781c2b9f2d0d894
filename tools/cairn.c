/*
 * cairn.c: the command line tool's main, and the set of its commands.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alloc/cairn.h"
#include "tools/cairn_command.h"
#include "tools/cairn_say.h"

static int help_run(int argc, char **argv);

static const struct cn_command cn_command_help = {"help", "explain a command: cairn help run", help_run};

static const struct cn_command *const commands[] = {
    &cn_command_run,   &cn_command_diff,    &cn_command_stats, &cn_command_fuzz,
    &cn_command_bench, &cn_command_version, &cn_command_help,
};

static const struct cn_command_set command_set = {
    .doc = "Runs programs on the Cairn memory allocator and explains what it did.",
    .commands = commands,
    .count = sizeof commands / sizeof commands[0],
};

/* `cairn help run` is `cairn run --help`, and `cairn help` is `cairn --help`. */
static int help_run(int argc, char **argv) {
    char cairn[] = "cairn";
    char help[] = "--help";
    char *command = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    if (argc > 2) {
        cn_say_error("%s: one command, please: '%s' is too much", argv[0], argv[2]);
        cn_say_hint("Try `cairn COMMAND --help', as in `cairn fuzz print --help'.");
        return CN_EXIT_USAGE;
    }
    if (command != NULL && cn_command_find(&command_set, command) == NULL) {
        cn_say_error("%s: there is no command '%s'", argv[0], command);
        cn_say_hint("Try `cairn --help' for the commands.");
        return CN_EXIT_USAGE;
    }
    bool is_of_itself = command == NULL || strcmp(command, cn_command_help.name) == 0;
    char *with_command[] = {cairn, command, help, NULL};
    char *alone[] = {cairn, help, NULL};
    return is_of_itself ? cn_command_run_of(&command_set, 2, alone) : cn_command_run_of(&command_set, 3, with_command);
}

int main(int argc, char **argv) {
    argp_program_version = "cairn " CAIRN_VERSION;
    argp_err_exit_status = CN_EXIT_USAGE;
    argv[0] = (char[]){"cairn"};
    int status = cn_command_run_of(&command_set, argc, argv);
    if (fflush(stdout) != 0 && status == CN_EXIT_OK) {
        cn_say_error("cairn: cannot write to standard output: %s", strerror(errno));
        return CN_EXIT_FAILED;
    }
    return status;
}
