/*
 * cairn_run.c: `cairn run`: puts the library into LD_PRELOAD and the options into CAIRN_OPTIONS, and becomes the
 * program.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "alloc/options_table.h"
#include "tools/cairn_command.h"
#include "tools/cairn_library.h"
#include "tools/cairn_say.h"
#include "tools/cairn_start.h"
#include "tools/cairn_text.h"

enum { KEY_STATS_JSON = 0x100 };

static const struct argp_option run_options[] = {
    {"debug", 'd', NULL, 0, "Use the debug form, libcairn-debug.so: slower, finds more, explains more", 0},
    {"stats", 's', NULL, 0, "Print what the allocator holds on standard error when the program ends", 0},
    {"stats-json", KEY_STATS_JSON, "PATH", 0,
     "Write the stats as JSON to PATH, for `cairn stats'; a %p in PATH becomes the process id, so that child processes "
     "do not overwrite it",
     0},
    {"option", 'o', "KEY=VALUE", 0, "Set an option of the allocator; may be given several times", 0},
    {0},
};

struct run_arguments {
    const char *name; /* of the command, for messages */
    enum cn_library_form form;
    char *settings; /* CAIRN_OPTIONS of the program, NULL while there is nothing in it */
    char **program; /* its name and arguments; NULL: none given */
};

static size_t key_length_of(const char *setting) { return strcspn(setting, "=:"); }

/* The one option whose values may contain a colon, so that an item of the list may be half of one: it is never taken
 * out, and of several the last holds. */
static const char guard_key[] = "guard=";

static bool may_contain_colon(const char *setting) {
    static const char *const starts[] = {"guard=serial:", "guard=site:"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(setting, starts[i], strlen(starts[i])) == 0) {
            return strchr(setting + strlen(starts[i]), ':') == NULL;
        }
    }
    return false;
}

static bool is_same_key(const char *item, size_t length, const char *setting) {
    if (strncmp(setting, guard_key, strlen(guard_key)) == 0) {
        return false;
    }
    size_t key_length = key_length_of(setting);
    return length >= key_length && strncmp(item, setting, key_length) == 0 &&
           (length == key_length || item[key_length] == '=');
}

/* The setting takes the place of one with the same key. */
static void set(struct run_arguments *arguments, const char *setting) {
    char *settings = cn_text_list_replace(arguments->settings, ":", is_same_key, setting);
    free(arguments->settings);
    arguments->settings = settings;
}

static bool is_key(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_') {
            return false;
        }
    }
    return length > 0;
}

static void set_option(struct run_arguments *arguments, const char *setting, struct argp_state *state) {
    size_t length = key_length_of(setting);
    if (setting[length] != '=' || !is_key(setting, length)) {
        argp_error(state, "--option wants KEY=VALUE, not '%s'", setting);
    }
    if (strchr(setting, ':') != NULL && !may_contain_colon(setting)) {
        argp_error(state, "--option %.*s: a value cannot contain ':', which parts options from each other", (int)length,
                   setting);
    }
    set(arguments, setting);
}

/* The path from the root, the caller's to free; NULL where there is no working directory. */
static char *absolute_path_of(const char *path) {
    if (path[0] == '/') {
        return cn_text_format("%s", path);
    }
    char *directory = getcwd(NULL, 0);
    char *absolute = directory == NULL ? NULL : cn_text_format("%s/%s", directory, path);
    free(directory);
    return absolute;
}

/* The path is made absolute, since the program may change its directory before it ends. */
static void set_stats_json(struct run_arguments *arguments, const char *path, struct argp_state *state) {
    if (path[0] == '\0' || strcmp(path, "--") == 0) {
        argp_error(state, "--stats-json wants the path of a file");
    }
    char *absolute = absolute_path_of(path);
    if (absolute == NULL) {
        argp_failure(state, CN_EXIT_RUN_FAILED, errno, "--stats-json %s: there is no working directory", path);
        return;
    }
    if (strchr(absolute, ':') != NULL) {
        argp_error(state, "--stats-json: the path '%s' contains ':', which parts options from each other", absolute);
    }
    char *setting = cn_text_format("stats_json=%s", absolute);
    set(arguments, setting);
    free(setting);
    free(absolute);
}

static error_t parse(int key, char *argument, struct argp_state *state) {
    struct run_arguments *arguments = state->input;
    switch (key) {
    case 'd':
        arguments->form = CN_LIBRARY_DEBUG;
        return 0;
    case 's':
        set(arguments, "stats=1");
        return 0;
    case KEY_STATS_JSON:
        set_stats_json(arguments, argument, state);
        return 0;
    case 'o':
        set_option(arguments, argument, state);
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

/* A line for each option of the allocator, after the rest of the help. */
static char *list_options(void) {
    struct cn_text list;
    cn_text_init(&list);
    fputs("Options of the allocator, KEY=VALUE (those marked * need --debug):", list.stream);
    for (size_t i = 0; i < cn_option_count; i++) {
        const struct cn_option *option = &cn_option_table[i];
        fprintf(list.stream, "\n  %s=%s%s", option->name, option->value,
                option->form == CN_OPTION_OF_DEBUG_FORM ? " *" : "");
        if (option->preset[0] != '\0') {
            fprintf(list.stream, " (default %s)", option->preset);
        }
        fprintf(list.stream, "\n      %s", option->help);
    }
    return cn_text_fini(&list);
}

static char *extend_help(int key, const char *text, void *input) {
    (void)input;
    return key == ARGP_KEY_HELP_EXTRA ? list_options() : (char *)(uintptr_t)text;
}

static const struct argp parser = {
    .options = run_options,
    .parser = parse,
    .help_filter = extend_help,
    .args_doc = "[--] PROGRAM [ARGUMENT...]",
    .doc = "Runs PROGRAM with Cairn in place of the C library's malloc, and ends as it ends.\v"
           "Child processes of PROGRAM run on Cairn too. What LD_PRELOAD holds already is kept, before Cairn; of what "
           "CAIRN_OPTIONS holds already, the command line wins.\n\n"
           "The library is looked for in $CAIRN_LIBRARY_DIR alone if that is set; else beside this tool, in ../lib "
           "and in .. from there.\n\n"
           "Exit status: that of PROGRAM; 2 for a wrong command line, 125 if the library is not found, 126 if PROGRAM "
           "cannot be executed, 127 if there is no such PROGRAM.\n\n"
           "Examples:\n"
           "  cairn run --stats python3 script.py\n"
           "  cairn run --stats-json=heap.%p.json -- make -j2\n",
};

/* Whether the last of the settings that names a seed has one that is not 0. */
static bool has_seed(const char *settings) {
    static const char name[] = "seed=";
    bool is_found = false;
    for (const char *at = settings; at != NULL; at = strchr(at, ':') != NULL ? strchr(at, ':') + 1 : NULL) {
        if (strncmp(at, name, strlen(name)) == 0) {
            is_found = strtoull(at + strlen(name), NULL, 0) != 0;
        }
    }
    return is_found;
}

/* With a seed what is random is the same in every run; so are addresses then, where the system lets them be. (UINT32_MAX asks
 * for the personality.) */
static void fix_addresses(const char *settings) {
    if (has_seed(settings)) {
        (void)personality((unsigned long)personality(UINT32_MAX) | ADDR_NO_RANDOMIZE);
    }
}

static int run(int argc, char **argv) {
    const char *inherited = getenv("CAIRN_OPTIONS");
    struct run_arguments arguments = {
        .name = argv[0],
        .form = CN_LIBRARY_RELEASE,
        .settings = inherited == NULL ? NULL : cn_text_format("%s", inherited),
    };
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
    char *library = cn_start_library(arguments.name, arguments.form);
    if (library == NULL) {
        free(arguments.settings);
        return CN_EXIT_RUN_FAILED;
    }
    cn_start_warn(arguments.name, arguments.program[0]);
    int status = CN_EXIT_RUN_FAILED;
    fix_addresses(arguments.settings);
    if (cn_start_export(library, arguments.settings) == 0) {
        status = cn_start_execute(arguments.name, arguments.program);
    } else {
        cn_say_error("%s: cannot set the environment: %s", arguments.name, strerror(errno));
    }
    free(library);
    free(arguments.settings);
    return status;
}

const struct cn_command cn_command_run = {"run", "run a program on Cairn", run};
