#define _GNU_SOURCE
#include "tools/cairn_outcome.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cairn_command.h"
#include "tools/cairn_log.h"
#include "tools/cairn_say.h"
#include "tools/cairn_start.h"

static const char *const stream_names[CN_STREAM_COUNT] = {"standard output", "standard error", "what Cairn says"};

/* ---- a run --------------------------------------------------------------------------------------------------- */

static bool redirect(const struct cn_trial *trial, const int *files) {
    return lseek(trial->input, 0, SEEK_SET) == 0 && dup2(trial->input, STDIN_FILENO) >= 0 &&
           dup2(files[CN_STREAM_OUT], STDOUT_FILENO) >= 0 && dup2(files[CN_STREAM_ERR], STDERR_FILENO) >= 0;
}

/* In the child; returns the status to end with where the program does not begin. Where the system does not let addresses
 * be fixed, the runs may differ in them. */
static int become_program(const struct cn_trial *trial, const int *files) {
    if (trial->addresses == CN_ADDRESSES_FIXED) {
        (void)personality(ADDR_NO_RANDOMIZE);
    }
    (void)alarm(trial->limit_seconds);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* it ends with this tool */
    if (!redirect(trial, files) || cn_start_export(trial->library, trial->settings) != 0) {
        cn_say_error("%s: cannot prepare a run: %s", trial->command, strerror(errno));
        return CN_EXIT_RUN_FAILED;
    }
    return cn_start_execute(trial->command, trial->program);
}

static bool map_file(int file, struct cn_written *written) {
    struct stat found;
    *written = (struct cn_written){NULL, 0};
    if (fstat(file, &found) != 0 || found.st_size == 0) {
        return true;
    }
    void *bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        return false;
    }
    *written = (struct cn_written){bytes, (size_t)found.st_size};
    return true;
}

/* `failure` is 0, or what become_program has returned: that comes through a pipe which a program that begins closes. */
static bool run_in_child(const struct cn_trial *trial, const int *files, int *status, int *failure) {
    int ends[2];
    *failure = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    fflush(NULL);
    (void)signal(SIGCHLD, SIG_DFL); /* else, where the caller ignores it, there is no status */
    pid_t child = fork();
    if (child == 0) {
        int result = become_program(trial, files);
        _exit(write(ends[1], &result, sizeof result) == sizeof result ? result : CN_EXIT_RUN_FAILED);
    }
    close(ends[1]);
    pid_t ended = -1;
    while (child > 0 && (ended = waitpid(child, status, 0)) < 0 && errno == EINTR) {
    }
    if (read(ends[0], failure, sizeof *failure) != sizeof *failure) {
        *failure = 0;
    }
    close(ends[0]);
    return ended == child && child > 0;
}

int cn_outcome_take(const struct cn_trial *trial, struct cn_outcome *outcome) {
    int files[CN_STREAM_COUNT];
    int failure = 0;
    bool is_good = true;
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        files[i] = memfd_create(stream_names[i], MFD_CLOEXEC);
        is_good = is_good && files[i] >= 0;
    }
    is_good = is_good && cn_log_empty() && run_in_child(trial, files, &outcome->status, &failure);
    is_good = is_good && cn_log_copy(files[CN_STREAM_SAID]);
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        is_good = is_good && map_file(files[i], &outcome->written[i]);
    }
    int reason = errno;
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
    }
    if (!is_good) {
        cn_say_error("%s: cannot run the program: %s", trial->command, strerror(reason));
        return CN_EXIT_RUN_FAILED;
    }
    if (failure != 0) { /* and why, it has said to the run's standard error */
        struct cn_written said = outcome->written[CN_STREAM_ERR];
        fprintf(stderr, "%.*s", (int)said.length, said.length == 0 ? "" : said.bytes);
        cn_outcome_drop(outcome);
    }
    return failure;
}

void cn_outcome_drop(struct cn_outcome *outcome) {
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        if (outcome->written[i].bytes != NULL) {
            munmap((void *)(uintptr_t)outcome->written[i].bytes, outcome->written[i].length);
        }
    }
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

/* The line around the offset, without its end. */
static struct cn_written line_around(const struct cn_written *written, size_t offset) {
    if (offset >= written->length) {
        return (struct cn_written){NULL, 0};
    }
    const char *before = offset == 0 ? NULL : memrchr(written->bytes, '\n', offset);
    const char *start = before == NULL ? written->bytes : before + 1;
    const char *end = memchr(written->bytes + offset, '\n', written->length - offset);
    return (struct cn_written){start, (size_t)((end == NULL ? written->bytes + written->length : end) - start)};
}

struct cn_written cn_outcome_find_line(const struct cn_outcome *outcome, enum cn_stream stream, const char *start) {
    const struct cn_written *written = &outcome->written[stream];
    size_t offset = 0;
    while (offset < written->length) {
        struct cn_written line = line_around(written, offset);
        if (line.length >= strlen(start) && memcmp(line.bytes, start, strlen(start)) == 0) {
            return line;
        }
        offset += line.length + 1;
    }
    return (struct cn_written){NULL, 0};
}

/* ---- the first difference ------------------------------------------------------------------------------------ */

static void print_status(int status) {
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status)); /* NULL: a signal without a name */
        if (name != NULL) {
            printf("ended by SIG%s", name);
        } else {
            printf("ended by signal %d", WTERMSIG(status));
        }
    } else {
        printf("exit status %d", WEXITSTATUS(status));
    }
}

static size_t first_difference(const struct cn_written *first, const struct cn_written *second) {
    size_t offset = 0;
    while (offset < first->length && offset < second->length && first->bytes[offset] == second->bytes[offset]) {
        offset++;
    }
    return offset;
}

static size_t line_number(const struct cn_written *written, size_t offset) {
    size_t number = 1;
    for (size_t i = 0; i < offset; i++) {
        number += written->bytes[i] == '\n';
    }
    return number;
}

/* What the line says around the byte that differs; bytes that are not printable as in C. */
static void print_line(const struct cn_written *written, size_t offset, const char *indent, const char *label) {
    enum { BEFORE_BYTES = 40, SHOWN_BYTES = 72 };
    struct cn_written line = line_around(written, offset);
    printf("%s%s", indent, label);
    if (line.bytes == NULL) {
        puts("nothing more");
        return;
    }
    size_t column = (size_t)(written->bytes + offset - line.bytes);
    size_t from = column > BEFORE_BYTES ? column - BEFORE_BYTES : 0;
    size_t end = line.length - from > SHOWN_BYTES ? from + SHOWN_BYTES : line.length;
    fputs(from > 0 ? "..." : "", stdout);
    for (size_t i = from; i < end; i++) {
        unsigned char byte = (unsigned char)line.bytes[i];
        printf(isprint(byte) ? "%c" : "\\x%02x", byte);
    }
    puts(end < line.length ? "..." : "");
}

void cn_outcome_print_ending(const struct cn_outcome *outcome) {
    print_status(outcome->status);
    printf(", %zu bytes written\n", outcome->written[CN_STREAM_OUT].length + outcome->written[CN_STREAM_ERR].length);
}

static bool is_same_written(const struct cn_written *first, const struct cn_written *second) {
    return first->length == second->length &&
           (first->length == 0 || memcmp(first->bytes, second->bytes, first->length) == 0);
}

bool cn_outcome_is_same(const struct cn_outcome *first, const struct cn_outcome *second) {
    bool is_same = first->status == second->status;
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        is_same = is_same && is_same_written(&first->written[i], &second->written[i]);
    }
    return is_same;
}

void cn_outcome_print_difference(const struct cn_outcome *first, const struct cn_outcome *second, const char *indent) {
    for (size_t i = 0; i < CN_STREAM_COUNT; i++) {
        const struct cn_written *one = &first->written[i];
        const struct cn_written *other = &second->written[i];
        if (!is_same_written(one, other)) {
            size_t offset = first_difference(one, other);
            printf("%s%s differs from byte %zu on, in line %zu:\n", indent, stream_names[i], offset,
                   line_number(one, offset));
            print_line(one, offset, indent, "  first run: ");
            print_line(other, offset, indent, "  this run:  ");
            break;
        }
    }
    if (first->status != second->status) {
        printf("%sfirst run: ", indent);
        print_status(first->status);
        fputs("; this run: ", stdout);
        print_status(second->status);
        putchar('\n');
    }
}
