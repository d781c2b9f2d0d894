/*
 * cairn_command.c: finds a subcommand in its set and hands over to it.
 */
#define _GNU_SOURCE
#include "tools/cairn_command.h"

#include <argp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cairn_text.h"

struct choice {
    const struct cn_command_set *set;
    const char *name; /* of the set */
    const struct cn_command *command;
    int first; /* the index in argv of what follows the command's name */
};

const struct cn_command *cn_command_find(const struct cn_command_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->commands[i]->name, name) == 0) {
            return set->commands[i];
        }
    }
    return NULL;
}

/* The commands as text for --help. */
static char *overview_of(const struct choice *choice) {
    struct cn_text overview;
    cn_text_init(&overview);
    fputs("Commands:\n", overview.stream);
    for (size_t i = 0; i < choice->set->count; i++) {
        const struct cn_command *command = choice->set->commands[i];
        fprintf(overview.stream, "  %-10s %s\n", command->name, command->summary);
    }
    fprintf(overview.stream, "\n`%s COMMAND --help' explains a command.", choice->name);
    return cn_text_fini(&overview);
}

/* argp frees what is not the text that it gave, and wants that back without its const. */
static char *filter_help(int key, const char *text, void *input) {
    return key == ARGP_KEY_HELP_EXTRA ? overview_of(input) : (char *)(uintptr_t)text;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
    struct choice *choice = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        choice->command = cn_command_find(choice->set, argument);
        if (choice->command == NULL) {
            argp_error(state, "there is no command '%s'", argument);
        }
        choice->first = state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no command given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cn_command_run_of(const struct cn_command_set *set, int argc, char **argv) {
    const struct argp parser = {
        .parser = parse,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = set->doc,
        .help_filter = filter_help,
    };
    struct choice choice = {.set = set, .name = argv[0]};
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &choice);
    char *name = cn_text_format("%s %s", argv[0], choice.command->name);
    char **rest = argv + choice.first - 1;
    rest[0] = name;
    int status = choice.command->run(argc - choice.first + 1, rest);
    free(name);
    return status;
}
