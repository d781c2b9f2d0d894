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

/* The bytes before the program, where their number depends on the first one: as oom_fuzz.c has it. */
enum { BYTES_OF_PLAN = -1 };

/* Fuzz targets whose inputs are programs, some with other bytes before them. */
static const struct target {
    const char *name;
    enum cn_program_shape shape;
    int bytes_before;
} targets[] = {
    {"sequence", CN_PROGRAM_SEQUENCE, 0}, {"heaps", CN_PROGRAM_HEAPS_ALL, 0},
    {"threads", CN_PROGRAM_CREW, 0},      {"differential", CN_PROGRAM_SEQUENCE, 0},
    {"fork", CN_PROGRAM_CREW, 4},         {"sample", CN_PROGRAM_SEQUENCE, 4},
    {"settings", CN_PROGRAM_SEQUENCE, 8}, {"oom", CN_PROGRAM_SEQUENCE, BYTES_OF_PLAN},
};

/* Those whose inputs are something else. */
static const char *const others[] = {"attack", "cfi",     "describe", "dropin", "fault",      "guard", "leaks",
                                     "misuse", "options", "pool",     "region", "size_class", "unwind"};

enum { TARGET_COUNT = sizeof targets / sizeof targets[0] };

struct print_arguments {
    const char *file_name;
    const struct target *target; /* NULL: by the file's folder */
    bool as_program;
};

static bool is_called(const char *name, const char *text, size_t length) {
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static const struct target *target_find(const char *name, size_t length) {
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        if (is_called(targets[i].name, name, length)) {
            return &targets[i];
        }
    }
    return NULL;
}

/* The name of the target without programs that is called so; NULL: there is none. */
static const char *other_find(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (is_called(others[i], name, length)) {
            return others[i];
        }
    }
    return NULL;
}

/* The target by whose name the file's path has a folder, the last such; else the first target. NULL: it is one without
 * programs, whose name is in `other`. */
static const struct target *target_of_path(const char *path, const char **other) {
    const struct target *found = &targets[0];
    *other = NULL;
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        const struct target *target = target_find(path, (size_t)(slash - path));
        const char *name = other_find(path, (size_t)(slash - path));
        if (target != NULL || name != NULL) {
            found = target;
            *other = name;
        }
    }
    return found;
}

/* How many of the input's bytes come before the program. */
static size_t bytes_before(const struct target *target, const uint8_t *data, size_t size) {
    enum { KIND_BITS = 5, UNIT_BYTES = 4 };
    size_t before = (size_t)target->bytes_before;
    if (target->bytes_before == BYTES_OF_PLAN) {
        before = 1 + (size > 0 ? (size_t)(data[0] >> KIND_BITS) * UNIT_BYTES : 0);
    }
    return before < size ? before : size;
}

static error_t parse_print(int key, char *argument, struct argp_state *state) {
    struct print_arguments *arguments = state->input;
    switch (key) {
    case 't':
        arguments->target = target_find(argument, strlen(argument));
        if (arguments->target == NULL) {
            argp_error(state, "there is no target '%s' whose inputs are programs", argument);
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
     "the fuzz target: sequence, heaps, threads, differential, fork, sample, settings or oom; else the one that "
     "names a folder in FILE's path, or sequence",
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

static void print_content(const struct print_arguments *arguments, const struct target *target, const uint8_t *data,
                          size_t size) {
    size_t before = bytes_before(target, data, size);
    if (arguments->as_program) {
        char *title = cn_text_format("%s, an input of the fuzz target `%s'%s", arguments->file_name, target->name,
                                     before > 0 ? ", without what its first bytes ask for" : "");
        cn_print_program(stdout, data + before, size - before, target->shape, title);
        free(title);
        return;
    }
    if (before > 0) {
        printf("first bytes, explained in fuzz/%s_fuzz.c:", target->name);
        for (size_t i = 0; i < before; i++) {
            printf(" %02x", data[i]);
        }
        putchar('\n');
    }
    cn_print_operations(stdout, data + before, size - before, target->shape);
}

static int print_run(int argc, char **argv) {
    struct print_arguments arguments = {0};
    argp_parse(&print_parser, argc, argv, 0, NULL, &arguments);
    const char *other = NULL;
    const struct target *target =
        arguments.target != NULL ? arguments.target : target_of_path(arguments.file_name, &other);
    if (other != NULL) {
        cn_say_error("%s: %s: inputs of `%s' are no programs; fuzz/README.md tells how to see what they do", argv[0],
                     arguments.file_name, other);
        return CN_EXIT_FAILED;
    }
    size_t size = 0;
    char *content = read_all(arguments.file_name, &size);
    if (content == NULL) {
        cn_say_error("%s: %s: %s", argv[0], arguments.file_name, strerror(errno));
        return CN_EXIT_FAILED;
    }
    print_content(&arguments, target, (const uint8_t *)content, size);
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
