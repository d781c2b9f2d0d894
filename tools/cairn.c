/*
 * cairn.c: the command line tool's main: finds the subcommand in the table and hands over to it.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/cairn.h"
#include "tools/cairn_command.h"
#include "tools/cairn_say.h"
#include "tools/cairn_text.h"

static int help_run(int argc, char **argv);

static const struct cn_command cn_command_help = {"help", "explain a command: cairn help run", help_run};

static const struct cn_command *const commands[] = {
    &cn_command_run,   &cn_command_diff,    &cn_command_stats, &cn_command_fuzz,
    &cn_command_bench, &cn_command_version, &cn_command_help,
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct cn_command *command_find(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* The table of commands as text for --help. */
static char *overview_of_commands(void) {
    struct cn_text overview;
    cn_text_init(&overview);
    fputs("Commands:\n", overview.stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(overview.stream, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n`cairn COMMAND --help' explains a command.", overview.stream);
    return cn_text_fini(&overview);
}

/* argp frees what is not the text that it gave, and wants that back without its const. */
static char *filter_help(int key, const char *text, void *input) {
    (void)input;
    return key == ARGP_KEY_HELP_EXTRA ? overview_of_commands() : (char *)(uintptr_t)text;
}

struct cairn_arguments {
    const struct cn_command *command;
    int first; /* the index in argv of what follows the command's name */
};

static error_t parse(int key, char *argument, struct argp_state *state) {
    struct cairn_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        arguments->command = command_find(argument);
        if (arguments->command == NULL) {
            argp_error(state, "there is no command '%s'", argument);
        }
        arguments->first = state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no command given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .parser = parse,
    .args_doc = "COMMAND [ARGUMENT...]",
    .doc = "Runs programs on the Cairn memory allocator and explains what it did.",
    .help_filter = filter_help,
};

/* Calls the command with the arguments that follow its name. */
static int dispatch(const struct cn_command *command, int argc, char **arguments) {
    char **argv = calloc((size_t)argc + 2, sizeof *argv);
    if (argv == NULL) {
        cn_say_out_of_memory();
    }
    argv[0] = cn_text_format("cairn %s", command->name);
    memcpy(argv + 1, arguments, (size_t)argc * sizeof *argv);
    int status = command->run(argc + 1, argv);
    free(argv[0]);
    free(argv);
    return status;
}

static int help_run(int argc, char **argv) {
    const struct cn_command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (argc > 1 && argv[1][0] != '-' && command == NULL) {
        cn_say_error("%s: there is no command '%s'", argv[0], argv[1]);
        cn_say_hint("Try `cairn --help' for the commands.");
        return CN_EXIT_USAGE;
    }
    if (command == NULL || command == &cn_command_help) {
        argp_help(&parser, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, (char[]){"cairn"});
        return CN_EXIT_OK;
    }
    return dispatch(command, 1, (char *[]){(char[]){"--help"}});
}

int main(int argc, char **argv) {
    argp_program_version = "cairn " CAIRN_VERSION;
    argp_err_exit_status = CN_EXIT_USAGE;
    struct cairn_arguments arguments = {0};
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
    int status = dispatch(arguments.command, argc - arguments.first, argv + arguments.first);
    if (fflush(stdout) != 0 && status == CN_EXIT_OK) {
        cn_say_error("cairn: cannot write to standard output: %s", strerror(errno));
        return CN_EXIT_FAILED;
    }
    return status;
}
