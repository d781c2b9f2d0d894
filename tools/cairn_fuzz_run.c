#define _GNU_SOURCE
#include "tools/cairn_fuzz_run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cairn_command.h"
#include "tools/cairn_say.h"
#include "tools/cairn_text.h"

static bool is_source_tree(const char *folder) {
    char *build_file = cn_text_format("%s/fuzz/BUILD", folder);
    char *program = cn_text_format("%s/tools/fuzz", folder);
    bool is_tree = access(build_file, R_OK) == 0 && access(program, X_OK) == 0;
    free(build_file);
    free(program);
    return is_tree;
}

/* tools/fuzz of the innermost source tree around the working directory; NULL where there is none. */
static char *find_program(void) {
    char *folder = getcwd(NULL, 0);
    if (folder == NULL) {
        return NULL;
    }
    while (!is_source_tree(folder) && *folder != '\0') {
        *strrchr(folder, '/') = '\0'; /* the last step is to the root, "" */
    }
    char *program = is_source_tree(folder) ? cn_text_format("%s/tools/fuzz", folder) : NULL;
    free(folder);
    return program;
}

int cn_fuzz_run(int argc, char **argv) {
    (void)argc;
    char *program = find_program();
    if (program == NULL) {
        cn_say_error("%s: there is no source tree of Cairn here", argv[0]);
        cn_say_hint("The fuzzers are built from source: call it from within the tree.");
        return CN_EXIT_FAILED;
    }
    char *name = argv[0];
    argv[0] = program;
    execv(program, argv);
    cn_say_error("%s: cannot execute %s: %s", name, program, strerror(errno));
    free(program);
    return CN_EXIT_CANNOT_EXECUTE;
}
