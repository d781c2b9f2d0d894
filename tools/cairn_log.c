#define _GNU_SOURCE
#include "tools/cairn_log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static char path[PATH_BYTES];

/* In a handler the signal is held back until it returns; then it ends the tool. */
static void remove_at_signal(int number) {
    (void)unlink(path);
    (void)raise(number);
}

/* What is ignored stays so. */
static void remove_on(int number) {
    struct sigaction before;
    struct sigaction action = {.sa_handler = remove_at_signal, .sa_flags = (int)SA_RESETHAND};
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
        (void)sigaction(number, &action, NULL);
    }
}

/* The program may have another working directory, a colon ends a value of CAIRN_OPTIONS, and %p stands for a number. */
static bool is_good_folder(const char *folder) {
    return folder != NULL && folder[0] == '/' && strchr(folder, ':') == NULL && strstr(folder, "%p") == NULL;
}

static int make_in(const char *folder) {
    int length = snprintf(path, sizeof path, "%s/cairn-XXXXXX", folder);
    if (length < 0 || length >= PATH_BYTES) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(path, O_CLOEXEC);
}

bool cn_log_init(void) {
    const char *folder = getenv("TMPDIR");
    int file = is_good_folder(folder) ? make_in(folder) : -1;
    file = file < 0 ? make_in("/tmp") : file;
    if (file < 0) {
        return false;
    }
    close(file);
    remove_on(SIGHUP);
    remove_on(SIGINT);
    remove_on(SIGPIPE);
    remove_on(SIGQUIT);
    remove_on(SIGTERM);
    return true;
}

void cn_log_fini(void) { (void)unlink(path); }

const char *cn_log_path(void) { return path; }

/* Cairn makes the file where the program has removed it. */
bool cn_log_empty(void) { return truncate(path, 0) == 0 || errno == ENOENT; }

bool cn_log_copy(int file) {
    static const char name[] = "cairn: ";
    char *line = NULL;
    size_t room = 0;
    FILE *log = fopen(path, "re");
    if (log == NULL) {
        return errno == ENOENT;
    }
    while (getline(&line, &room, log) > 0) {
        if (strncmp(line, name, sizeof name - 1) == 0) {
            (void)dprintf(file, "%s", line);
        }
    }
    bool is_good = ferror(log) == 0;
    free(line);
    (void)fclose(log);
    return is_good;
}
