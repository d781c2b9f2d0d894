#define _GNU_SOURCE
#include "fuzz/said.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/expect.h"

enum { PATH_BYTES = 512 };

static char path[PATH_BYTES];
static int file = -1;

static void remove_file(void) { (void)unlink(path); }

const char *cn_said_path(void) {
    if (file < 0) {
        const char *folder = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): nobody changes it
        (void)snprintf(path, sizeof path, "%s/cairn-fuzz-XXXXXX", folder != NULL ? folder : "/tmp");
        file = mkstemp(path);
        CN_EXPECT(file >= 0 && fcntl(file, F_SETFL, O_APPEND) == 0, "a file can be made");
        (void)atexit(remove_file);
    }
    return path;
}

const char *cn_said_take(void) {
    static char text[CN_SAID_BYTES];
    struct stat status;
    (void)cn_said_path();
    CN_EXPECT(fstat(file, &status) == 0 && status.st_size < CN_SAID_BYTES, "a report is no longer than 1 MiB");
    ssize_t length = pread(file, text, (size_t)status.st_size, 0);
    CN_EXPECT(length == status.st_size && ftruncate(file, 0) == 0, "what was written can be read");
    text[length] = '\0';
    return text;
}

void cn_said_run(void (*call)(void *argument), void *argument) {
    (void)cn_said_path();
    int standard_error = dup(STDERR_FILENO);
    CN_EXPECT(standard_error >= 0 && dup2(file, STDERR_FILENO) >= 0, "standard error can be turned to the file");
    call(argument);
    (void)dup2(standard_error, STDERR_FILENO);
    (void)close(standard_error);
}
