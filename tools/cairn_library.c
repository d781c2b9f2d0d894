#define _GNU_SOURCE

#include "tools/cairn_library.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cairn_text.h"

/* Relative to the directory in which the tool lies. */
static const char *const places[] = {".", "../lib", ".."};

enum { PLACE_COUNT = sizeof places / sizeof places[0] };

const char *cn_library_name_of(enum cn_library_form form) {
    return form == CN_LIBRARY_DEBUG ? "libcairn-debug.so" : "libcairn.so";
}

/* What $CAIRN_LIBRARY_DIR says; NULL if it is unset or empty. */
static const char *configured_directory(void) {
    const char *directory = getenv("CAIRN_LIBRARY_DIR");
    return directory != NULL && directory[0] != '\0' ? directory : NULL;
}

/* The directory of the tool's executable; "." where /proc does not tell. */
static char *own_directory(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) {
        return cn_text_format(".");
    }
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    return cn_text_format("%s", path);
}

/* The library's path if it lies in the directory. Only the directory is resolved: the file keeps its name, by which
 * `cairn run` knows it again in LD_PRELOAD. */
static char *find_in(const char *directory, const char *name) {
    char resolved[PATH_MAX];
    if (realpath(directory, resolved) == NULL) {
        return NULL;
    }
    char *path = cn_text_format("%s/%s", resolved, name);
    if (access(path, R_OK) == 0) {
        return path;
    }
    free(path);
    return NULL;
}

char *cn_library_find(enum cn_library_form form) {
    const char *name = cn_library_name_of(form);
    if (configured_directory() != NULL) {
        return find_in(configured_directory(), name);
    }
    char *own = own_directory();
    char *found = NULL;
    for (size_t i = 0; i < PLACE_COUNT && found == NULL; i++) {
        char *directory = cn_text_format("%s/%s", own, places[i]);
        found = find_in(directory, name);
        free(directory);
    }
    free(own);
    return found;
}

char *cn_library_places(void) {
    if (configured_directory() != NULL) {
        return cn_text_format("%s (from CAIRN_LIBRARY_DIR)", configured_directory());
    }
    char *own = own_directory();
    char *text = cn_text_format("%s, %s/../lib and %s/..", own, own, own);
    free(own);
    return text;
}
