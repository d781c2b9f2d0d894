/*
 * cairn_version.c: `cairn version`: the tool's version, and which libraries `cairn run` would use. Each library is
 * asked for its version in a child process, so that a broken one cannot take the tool down with it.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc/cairn.h"
#include "tools/cairn_command.h"
#include "tools/cairn_library.h"
#include "tools/cairn_say.h"
#include "tools/cairn_text.h"

enum { ANSWER_BYTES = 256 };

static const struct argp parser = {
    .doc = "Prints this tool's version, and the path and version of each library that `cairn run' would use.\v"
           "Exit status: 0 if the release form's library is there and answers, else 1.",
};

/* In the child: writes the library's version, or what is wrong with it, to `output`. */
_Noreturn static void answer(const char *library, int output) {
    unsetenv("CAIRN_OPTIONS");
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle == NULL ? NULL : dlsym(handle, "cairn_version");
    if (symbol == NULL) {
        const char *reason = dlerror();
        dprintf(output, "%s", reason == NULL ? "cannot be loaded" : reason);
        _exit(CN_EXIT_FAILED);
    }
    const char *(*version)(void);
    memcpy(&version, &symbol, sizeof version);
    dprintf(output, "%s", version());
    _exit(CN_EXIT_OK);
}

static void read_answer(int input, char text[ANSWER_BYTES]) {
    size_t length = 0;
    ssize_t count;
    while ((count = read(input, text + length, ANSWER_BYTES - 1 - length)) > 0) {
        length += (size_t)count;
    }
    text[length] = '\0';
}

/* Fills `text` with the library's version, or with what is wrong; returns whether it is the version. */
static bool ask(const char *library, char text[ANSWER_BYTES]) {
    int ends[2];
    if (pipe(ends) != 0) {
        snprintf(text, ANSWER_BYTES, "cannot be asked: %s", strerror(errno));
        return false;
    }
    fflush(NULL);
    (void)signal(SIGCHLD, SIG_DFL); /* else, where the caller ignores it, there is no status */
    pid_t child = fork();
    if (child == 0) {
        answer(library, ends[1]);
    }
    close(ends[1]);
    read_answer(ends[0], text);
    close(ends[0]);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        snprintf(text, ANSWER_BYTES, "ends the program that loads it");
        return false;
    }
    return WEXITSTATUS(status) == CN_EXIT_OK;
}

/* Returns whether the library is there and answers. */
static bool print_library(enum cn_library_form form) {
    const char *name = cn_library_name_of(form);
    char *library = cn_library_find(form);
    if (library == NULL) {
        char *places = cn_library_places();
        printf("%-18s not found in %s\n", name, places);
        free(places);
        return false;
    }
    char text[ANSWER_BYTES];
    bool is_version = ask(library, text);
    printf("%-18s %s%s  %s\n", name, is_version ? "" : "does not work: ", text, library);
    free(library);
    return is_version;
}

static int version_run(int argc, char **argv) {
    argp_parse(&parser, argc, argv, 0, NULL, NULL);
    printf("%-18s %s\n", "cairn", CAIRN_VERSION);
    bool release = print_library(CN_LIBRARY_RELEASE);
    print_library(CN_LIBRARY_DEBUG);
    return release ? CN_EXIT_OK : CN_EXIT_FAILED;
}

const struct cn_command cn_command_version = {"version", "tell which versions of Cairn are here", version_run};
