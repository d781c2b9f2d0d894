/*
 * replay_main.c: the main of a harness that is run as an ordinary test, without a fuzzer.
 *
 *   X_fuzz [--rounds=N] PATH...     each PATH a directory of inputs, or one input; all of them N times, to see how
 *                                   many inputs a second of processor time is good for
 *
 * All inputs run in this process, one after the other, sorted by name. It speaks TAP: one case for the empty input,
 * one for each directory named "corpora/...", and one for every single input that is named, or that lies in another
 * directory, such as those under crashes/. When an input ends the process, or takes too long, its path is the last
 * line on standard error. `corpora/UNIT` and `crashes/UNIT`, which BUILD names, need not be there; any other path must. One
 * that is relative may be so to where `bazel run` was called. A wrong command line ends with status 2.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/fuzzer.h"

enum { SECONDS_PER_INPUT = 60, PATH_BYTES = 4096 };

extern __attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
extern __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static char running[PATH_BYTES] = "the empty input";
static unsigned case_count;
static unsigned long rounds = 1;

static void say_what_was_running(void) {
    static const char words[] = "\nThe input that was running: ";
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    (void)!write(STDERR_FILENO, running, strlen(running));
    (void)!write(STDERR_FILENO, "\n", 1);
}

/* SA_RESETHAND: the signal's own effect follows. */
static void on_death(int number) {
    say_what_was_running();
    (void)raise(number);
}

static void watch_for_death(void) {
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGALRM, SIGTERM};
    struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND};
    struct sigaction had;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)sigaction(numbers[i], NULL, &had);
        if (had.sa_handler == SIG_DFL) { /* else a sanitizer has its own */
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(say_what_was_running);
    }
}

static void print_case(const char *name, unsigned input_count) {
    case_count++;
    printf("ok %u - %s (%u %s)\n", case_count, name, input_count, input_count == 1 ? "input" : "inputs");
    (void)fflush(stdout);
}

static _Noreturn void give_up(const char *what) {
    printf("Bail out! %s: ", what);
    (void)fflush(stdout);
    perror(running);
    exit(EXIT_FAILURE);
}

/* ---- many rounds --------------------------------------------------------------------------------------------- */

struct input {
    uint8_t *data;
    size_t size;
    struct input *next;
};

static struct input *first_input; /* where there is more than one round, all of them */
static struct input **next_input = &first_input;

static void keep(uint8_t *data, size_t size) {
    struct input *input = malloc(sizeof *input);
    if (input == NULL) {
        give_up("cannot keep an input");
    }
    *input = (struct input){data, size, NULL};
    *next_input = input;
    next_input = &input->next;
}

static double processor_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The rounds that are left, and what they took. */
static void run_again(void) {
    unsigned long runs = 0;
    double start = processor_seconds();
    for (unsigned long i = 1; i < rounds; i++) {
        for (const struct input *input = first_input; input != NULL; input = input->next) {
            (void)LLVMFuzzerTestOneInput(input->data, input->size);
            runs++;
        }
    }
    if (runs > 0) {
        printf("# %.0f inputs a second\n", (double)runs / (processor_seconds() - start));
    }
}

static _Noreturn void show_usage(FILE *to, int status) {
    fprintf(to, "usage: %s [--rounds=N] PATH...\n", program_invocation_short_name);
    exit(status);
}

/* Takes --rounds=N from the arguments, where it is the first. */
static void take_rounds(int *argc, char ***argv) {
    static const char option[] = "--rounds=";
    if (*argc > 1 && strcmp((*argv)[1], "--help") == 0) {
        show_usage(stdout, EXIT_SUCCESS);
    }
    if (*argc > 1 && (*argv)[1][0] == '-') {
        bool is_known = strncmp((*argv)[1], option, strlen(option)) == 0;
        const char *number = is_known ? (*argv)[1] + strlen(option) : "";
        char *end = NULL;
        rounds = strtoul(number, &end, 10);
        if (*number < '1' || *number > '9' || *end != '\0') {
            show_usage(stderr, 2);
        }
        ++*argv;
        --*argc;
    }
}

/* ---- inputs -------------------------------------------------------------------------------------------------- */

/* The harness gets memory of exactly the input's size, so that a sanitizer sees where it reads beyond. */
static void run_file(const char *path) {
    (void)snprintf(running, sizeof running, "%s", path);
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        give_up("cannot open an input");
    }
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size);
    if ((data == NULL && size != 0) || fread(data, 1, size, file) != size) {
        give_up("cannot read an input");
    }
    (void)fclose(file);
    (void)alarm(SECONDS_PER_INPUT);
    (void)LLVMFuzzerTestOneInput(data, size);
    (void)alarm(0);
    if (rounds > 1) {
        keep(data, size);
    } else {
        free(data);
    }
}

static int is_input(const struct dirent *entry) {
    return entry->d_name[0] != '.' && strstr(entry->d_name, ".txt") == NULL;
}

static bool is_corpus(const char *directory) { return strstr(directory, "corpora/") != NULL; }

static void run_directory(const char *directory) {
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_input, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        run_file(path);
        if (!is_corpus(directory)) {
            print_case(path, 1);
        }
        free(entries[i]);
    }
    free(entries);
    if (count > 0 && is_corpus(directory)) {
        print_case(directory, (unsigned)count);
    }
}

/* Whether the path is one that BUILD names for every unit, whether it has inputs or not. */
static bool may_be_missing(const char *path) {
    const char *name = strrchr(path, '/');
    static const char *const folders[] = {"corpora", "crashes"};
    for (size_t i = 0; name != NULL && i < sizeof folders / sizeof folders[0]; i++) {
        size_t length = strlen(folders[i]);
        if ((size_t)(name - path) >= length && strncmp(name - length, folders[i], length) == 0) {
            return true;
        }
    }
    return false;
}

/* False where it is not there. */
static bool run_path(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        run_directory(path);
    } else {
        run_file(path);
        print_case(path, 1);
    }
    return true;
}

static void run_argument(const char *path) {
    const char *caller = getenv("BUILD_WORKING_DIRECTORY"); /* bazel run's */
    if (run_path(path)) {
        return;
    }
    char *full = NULL;
    if (path[0] != '/' && caller != NULL && asprintf(&full, "%s/%s", caller, path) < 0) {
        give_up("cannot name an input");
    }
    if (!may_be_missing(path) && (full == NULL || !run_path(full))) {
        (void)snprintf(running, sizeof running, "%s", path);
        errno = ENOENT;
        give_up("cannot open an input");
    }
    free(full);
}

int main(int argc, char **argv) {
    take_rounds(&argc, &argv);
    watch_for_death();
    if (LLVMFuzzerInitialize != NULL) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    print_case(running, 1);
    for (int i = 1; i < argc; i++) {
        run_argument(argv[i]);
    }
    run_again();
    printf("1..%u\n", case_count);
    return EXIT_SUCCESS;
}
