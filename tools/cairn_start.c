#define _GNU_SOURCE
#include "tools/cairn_start.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cairn_command.h"
#include "tools/cairn_say.h"
#include "tools/cairn_target.h"
#include "tools/cairn_text.h"

/* Whether an item of LD_PRELOAD is one of Cairn's own libraries: `cairn run` within `cairn run` takes the inner
 * form. */
static bool is_cairn(const char *item, size_t length, const char *library) {
    (void)library;
    const char *slash = memrchr(item, '/', length);
    const char *name = slash == NULL ? item : slash + 1;
    size_t name_length = length - (size_t)(name - item);
    for (enum cn_library_form form = CN_LIBRARY_RELEASE; form <= CN_LIBRARY_DEBUG; form++) {
        const char *own = cn_library_name_of(form);
        if (strlen(own) == name_length && memcmp(own, name, name_length) == 0) {
            return true;
        }
    }
    return false;
}

char *cn_start_library(const char *command, enum cn_library_form form) {
    const char *name = cn_library_name_of(form);
    char *library = cn_library_find(form);
    if (library == NULL) {
        char *places = cn_library_places();
        cn_say_error("%s: cannot find %s in %s", command, name, places);
        cn_say_hint("Build it with `bazel build -c opt //:%s', or set CAIRN_LIBRARY_DIR to the directory it is in.",
                    name);
        free(places);
        return NULL;
    }
    if (strpbrk(library, ": ") != NULL) {
        cn_say_error("%s: the path '%s' contains a space or colon, which LD_PRELOAD cannot hold", command, library);
        cn_say_hint("Copy the library to another directory and set CAIRN_LIBRARY_DIR to that.");
        free(library);
        return NULL;
    }
    return library;
}

int cn_start_export(const char *library, const char *settings) {
    char *preload = cn_text_list_replace(getenv("LD_PRELOAD"), ": ", is_cairn, library);
    int result = setenv("LD_PRELOAD", preload, 1);
    free(preload);
    if (result == 0 && settings != NULL) {
        result = setenv("CAIRN_OPTIONS", settings, 1);
    }
    return result;
}

void cn_start_warn(const char *command, const char *program) {
    char *path = cn_target_find(program);
    const char *obstacle = path == NULL ? NULL : cn_target_obstacle(path);
    if (obstacle != NULL) {
        cn_say_error("%s: warning: %s will not use Cairn: it is %s, and LD_PRELOAD has no effect on such a program",
                     command, path, obstacle);
    }
    free(path);
}

int cn_start_execute(const char *command, char **program) {
    execvp(program[0], program);
    int reason = errno;
    cn_say_error("%s: cannot run '%s': %s", command, program[0], strerror(reason));
    if (reason == ENOENT && strchr(program[0], '/') == NULL) {
        cn_say_hint("There is no program of that name in the directories of PATH.");
    }
    return reason == ENOENT ? CN_EXIT_NOT_FOUND : CN_EXIT_CANNOT_EXECUTE;
}
