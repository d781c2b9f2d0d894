/*
 * cairn_bench.c: `cairn bench`: runs tools/bench of the source tree that this tool belongs to. The measurements are
 * Python and C sources of that tree, and no part of what is installed.
 */
#define _GNU_SOURCE

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cairn_command.h"
#include "tools/cairn_say.h"
#include "tools/cairn_text.h"

/* What a source tree of Cairn holds. */
static const char script_name[] = "tools/bench";
static const char header_name[] = "alloc/cairn.h";

/* The script, if the directory is the top of a source tree; else NULL. The caller frees it. */
static char *script_of(const char *directory) {
    char *script = cn_text_format("%s/%s", directory, script_name);
    char *header = cn_text_format("%s/%s", directory, header_name);
    bool is_tree = access(script, X_OK) == 0 && access(header, R_OK) == 0;
    free(header);
    if (!is_tree) {
        free(script);
        return NULL;
    }
    return script;
}

/* The script of the tree that the directory lies in; NULL if it lies in none. The caller frees it. */
static char *find_above(const char *directory) {
    char place[PATH_MAX];
    if (realpath(directory, place) == NULL) {
        return NULL;
    }
    char *found = script_of(place);
    for (char *slash; found == NULL && (slash = strrchr(place, '/')) != NULL;) {
        *slash = '\0';
        found = script_of(place);
    }
    return found;
}

/* The tree that the working directory lies in, else the one that this executable does: Bazel's folder of results lies
 * in a tree of links to the sources. */
static char *script_find(void) {
    char own[PATH_MAX];
    char *found = find_above(".");
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (found != NULL || length <= 0) {
        return found;
    }
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    return find_above(own);
}

static const struct argp parser = {
    .args_doc = "[ARGUMENT...]",
    .doc =
        "Compares Cairn with other allocators: runs tools/bench of Cairn's source tree, with all arguments. The tree is "
        "the one that the working directory lies in, else the one that this program was built in.",
};

/* The explanation of this command; in a tree that of the script follows. */
static void help_print(const char *name) {
    argp_help(&parser, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, cn_text_format("%s", name));
    fflush(stdout);
}

static int bench_run(int argc, char **argv) {
    char *script = script_find();
    bool wants_help = argc == 2 && strcmp(argv[1], "--help") == 0;
    if (wants_help) {
        help_print(argv[0]);
    }
    if (wants_help && script == NULL) {
        return CN_EXIT_OK;
    }
    if (script == NULL) {
        cn_say_error("%s: there is no source tree of Cairn here, and it is that which measures", argv[0]);
        cn_say_hint("Change into a checkout of Cairn's source, and try again.");
        return CN_EXIT_FAILED;
    }
    argv[0] = script;
    execv(script, argv);
    cn_say_error("cairn bench: cannot run %s: %s", script, strerror(errno));
    free(script);
    return CN_EXIT_FAILED;
}

const struct cn_command cn_command_bench = {"bench", "compare Cairn with other allocators (from its source tree)",
                                            bench_run};
