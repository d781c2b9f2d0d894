/*
 * cairn_fuzz.c: `cairn fuzz`: what there is to do with fuzzers. The set of its own commands is at the end.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/print.h"
#include "tools/cairn_command.h"
#include "tools/cairn_fuzz_run.h"
#include "tools/cairn_say.h"
#include "tools/cairn_text.h"

/* ---- cairn fuzz print ---------------------------------------------------------------------------------------- */

/* Fuzz targets whose inputs are programs. */
static const struct target {
    const char *name;
    enum cn_program_shape shape;
} targets[] = {
    {"sequence", CN_PROGRAM_SEQUENCE},
    {"heaps", CN_PROGRAM_HEAPS_ALL},
    {"threads", CN_PROGRAM_CREW},
    {"differential", CN_PROGRAM_SEQUENCE},
};

enum { TARGET_COUNT = sizeof targets / sizeof targets[0] };

struct print_arguments {
    const char *file_name;
    const struct target *target; /* NULL: by the file's folder */
    bool as_program;
};

static const struct target *target_find(const char *name, size_t length) {
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        if (strlen(targets[i].name) == length && memcmp(targets[i].name, name, length) == 0) {
            return &targets[i];
        }
    }
    return NULL;
}

/* The target by whose name the file's path has a folder, the last such; else the first target. */
static const struct target *target_of_path(const char *path) {
    const struct target *found = &targets[0];
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        const struct target *target = target_find(path, (size_t)(slash - path));
        found = target != NULL ? target : found;
    }
    return found;
}

static error_t parse_print(int key, char *argument, struct argp_state *state) {
    struct print_arguments *arguments = state->input;
    switch (key) {
    case 't':
        arguments->target = target_find(argument, strlen(argument));
        if (arguments->target == NULL) {
            argp_error(state, "there is no target '%s' whose inputs can be printed", argument);
        }
        return 0;
    case 'p':
        arguments->as_program = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one FILE at a time; '%s' is too many", argument);
        }
        arguments->file_name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option print_options[] = {
    {"target", 't', "NAME", 0,
     "the fuzz target: sequence, heaps, threads or differential; else the one that names a "
     "folder in FILE's path, or sequence",
     0},
    {"program", 'p', NULL, 0, "as a C program that does the same without the fuzzer", 0},
    {0},
};

static const struct argp print_parser = {
    .options = print_options,
    .parser = parse_print,
    .args_doc = "FILE",
    .doc = "Prints FILE, an input of a fuzz target, as the operations that it stands for. - is standard input.\v"
           "Exit status: 0, 1 if FILE cannot be read, 2 for a wrong command line.",
};

/* All of the file, with its length in `size`; NULL and errno where it cannot be read. */
static char *read_all(const char *file_name, size_t *size) {
    FILE *file = strcmp(file_name, "-") == 0 ? stdin : fopen(file_name, "rb");
    if (file == NULL) {
        return NULL;
    }
    struct cn_text text;
    cn_text_init(&text);
    for (int byte; (byte = getc(file)) != EOF;) {
        (void)putc(byte, text.stream);
    }
    bool is_bad = ferror(file) != 0;
    int error = errno;
    (void)fclose(file);
    char *content = cn_text_fini(&text);
    *size = text.length;
    if (is_bad) {
        free(content);
        errno = error;
        return NULL;
    }
    return content;
}

static int print_run(int argc, char **argv) {
    struct print_arguments arguments = {0};
    argp_parse(&print_parser, argc, argv, 0, NULL, &arguments);
    const struct target *target = arguments.target != NULL ? arguments.target : target_of_path(arguments.file_name);
    size_t size = 0;
    char *content = read_all(arguments.file_name, &size);
    if (content == NULL) {
        cn_say_error("%s: %s: %s", argv[0], arguments.file_name, strerror(errno));
        return CN_EXIT_FAILED;
    }
    if (arguments.as_program) {
        char *title = cn_text_format("%s, an input of the fuzz target `%s'", arguments.file_name, target->name);
        cn_print_program(stdout, (const uint8_t *)content, size, target->shape, title);
        free(title);
    } else {
        cn_print_operations(stdout, (const uint8_t *)content, size, target->shape);
    }
    free(content);
    return CN_EXIT_OK;
}

/* ---- cairn fuzz ---------------------------------------------------------------------------------------------- */

static const struct cn_command print_command = {
    "print", "show an input of a fuzz target as operations, or as a C program", print_run};

static const struct cn_command run_command = {"run", "run the fuzzers of the source tree for a time", cn_fuzz_run};

static const struct cn_command *const commands[] = {&print_command, &run_command};

static const struct cn_command_set command_set = {
    .doc = "What there is to do with fuzzers and their inputs.",
    .commands = commands,
    .count = sizeof commands / sizeof commands[0],
};

static int fuzz_run(int argc, char **argv) { return cn_command_run_of(&command_set, argc, argv); }

const struct cn_command cn_command_fuzz = {"fuzz", "run fuzzers, and show their inputs", fuzz_run};
