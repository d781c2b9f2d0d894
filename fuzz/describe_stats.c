#define _GNU_SOURCE
#include "fuzz/describe_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc/cairn.h"
#include "alloc/options.h"
#include "alloc/stats.h"
#include "fuzz/expect.h"
#include "fuzz/json.h"
#include "fuzz/said.h"

enum { LINE_BYTES = 256 };

#define FIGURE(name)                                                                                                   \
    { #name, offsetof(struct cairn_stats, name) }

/* But for those that differ from one moment to the next. */
static const struct figure {
    const char *name;
    size_t offset;
} figures[] = {
    FIGURE(requested_bytes), FIGURE(block_count),      FIGURE(block_bytes),  FIGURE(free_bytes),   FIGURE(slack_bytes),
    FIGURE(pool_bytes),      FIGURE(span_bytes),       FIGURE(arena_bytes),  FIGURE(purged_bytes), FIGURE(heap_count),
    FIGURE(peak_used_bytes), FIGURE(peak_arena_bytes), FIGURE(budget_bytes),
};

static uint64_t value_of(const struct cairn_stats *stats, const struct figure *figure) {
    uint64_t value;
    memcpy(&value, (const char *)stats + figure->offset, sizeof value);
    return value;
}

/* ---- as text ------------------------------------------------------------------------------------------------- */

/* The number behind the name; UINT64_MAX where it is not counted. */
static uint64_t number_in_text(const char *said, const char *name) {
    char words[LINE_BYTES];
    uint64_t number = 0;
    (void)snprintf(words, sizeof words, "cairn:   %s ", name);
    const char *line = strstr(said, words);
    CN_EXPECT(line != NULL, "each figure has its line");
    line += strlen(words);
    return sscanf(line, "%" SCNu64, &number) == 1 ? number : UINT64_MAX; // NOLINT(cert-err34-c): 64 bits fit
}

static void expect_class_line(const char *said, const struct cairn_class_stats *class) {
    char words[LINE_BYTES];
    (void)snprintf(words, sizeof words, "cairn: %13" PRIu64 "%12" PRIu64 "%14" PRIu64 "%14" PRIu64 "\n",
                   class->block_bytes, class->pools, class->used_blocks, class->free_blocks);
    CN_EXPECT(class->pools == 0 || strstr(said, words) != NULL, "each class that has pools has its line");
}

static void expect_text(const char *said, const struct cairn_stats *stats) {
    CN_EXPECT(strncmp(said, "cairn: stats of process ", 24) == 0, "the stats say what they are");
    CN_EXPECT(strstr(said, cairn_version()) != NULL, "the stats name the version");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        CN_EXPECT(number_in_text(said, figures[i].name) == value_of(stats, &figures[i]), "figures are as they are got");
    }
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        expect_class_line(said, &stats->classes[i]);
    }
}

/* ---- as JSON ------------------------------------------------------------------------------------------------- */

static void expect_class(const char *at, const struct cairn_class_stats *class) {
    CN_EXPECT(cn_json_is_number(cn_json_member(at, "block_bytes"), class->block_bytes) &&
                  cn_json_is_number(cn_json_member(at, "pools"), class->pools) &&
                  cn_json_is_number(cn_json_member(at, "used_blocks"), class->used_blocks) &&
                  cn_json_is_number(cn_json_member(at, "free_blocks"), class->free_blocks),
              "each class that has pools stands in JSON as it is got");
}

static void expect_classes(const char *at, const struct cairn_stats *stats) {
    CN_EXPECT(at != NULL && *at == '[', "the classes are an array");
    at++;
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        if (stats->classes[i].pools != 0) {
            at += strspn(at, ", \n");
            expect_class(at, &stats->classes[i]);
            at = cn_json_end(at);
        }
    }
    CN_EXPECT(at[strspn(at, " \n")] == ']', "no other class stands in JSON");
}

static void expect_json(const char *said, const struct cairn_stats *stats) {
    const char *end = cn_json_end(said);
    CN_EXPECT(end != NULL && strcmp(end, "\n") == 0, "the stats as JSON are one value");
    CN_EXPECT(cn_json_is_string(cn_json_member(said, "version"), CAIRN_VERSION), "JSON names the version");
    CN_EXPECT(cn_json_is_string(cn_json_member(said, "form"), CAIRN_FORM_DEBUG ? "debug" : "release"),
              "JSON names the form");
    CN_EXPECT(cn_json_is_number(cn_json_member(said, "pid"), (uint64_t)getpid()), "JSON names the process");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        uint64_t value = value_of(stats, &figures[i]);
        const char *member = cn_json_member(said, figures[i].name);
        bool is_null = member != NULL && strncmp(member, "null", 4) == 0;
        CN_EXPECT(value == UINT64_MAX ? is_null : cn_json_is_number(member, value),
                  "figures in JSON are as they are got");
    }
    expect_classes(cn_json_member(said, "classes"), stats);
}

/* ---- ways to have them printed ------------------------------------------------------------------------------- */

static void print_text(void *argument) {
    (void)argument;
    CN_EXPECT(cairn_stats_print(STDERR_FILENO) == 0, "the stats can be printed");
}

static void print_json(void *argument) {
    (void)argument;
    CN_EXPECT(cairn_stats_print_json(STDERR_FILENO) == 0, "the stats can be printed as JSON");
}

static void be_at_exit(void *argument) {
    (void)argument;
    cn_stats_at_exit();
}

static void at_start(void *argument) {
    (void)argument;
    cn_stats_at_start();
}

void cn_describe_stats_init(void) {
    cn_options.stats = true;
    cn_said_run(at_start, NULL);
    cn_options.stats = false;
}

static void expect_failure(int file, int due) {
    errno = 0;
    CN_EXPECT(cairn_stats_print(file) == -1 && errno == due, "what cannot be written is an error");
    errno = 0;
    CN_EXPECT(cairn_stats_print_json(file) == -1 && errno == due, "what cannot be written as JSON is an error");
}

static void fail(void) {
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    expect_failure(-1, EBADF);
    if (full >= 0) {
        expect_failure(full, ENOSPC);
        (void)close(full);
    }
}

static void print_at_exit(const struct cairn_stats *stats) {
    cn_options.stats = true;
    be_at_exit(NULL);
    cn_options.stats = false;
    expect_text(cn_said_take(), stats);
}

static void print_at_exit_as_json(const char *path, const struct cairn_stats *stats) {
    (void)snprintf(cn_options.stats_json, sizeof cn_options.stats_json, "%s", path);
    cn_said_run(be_at_exit, NULL);
    cn_options.stats_json[0] = '\0';
    const char *said = cn_said_take();
    if (stats != NULL) {
        expect_json(said, stats);
    } else {
        CN_EXPECT(strncmp(said, "cairn: WARNING: ", 16) == 0 && strstr(said, path) != NULL,
                  "a file that cannot be written is named");
    }
}

void cn_describe_stats(size_t number) {
    enum { TEXT, JSON, FAILURE, AT_EXIT, JSON_AT_EXIT, NOWHERE, WAYS };
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    switch (number % WAYS) {
    case TEXT:
        cn_said_run(print_text, NULL);
        expect_text(cn_said_take(), &stats);
        break;
    case JSON:
        cn_said_run(print_json, NULL);
        expect_json(cn_said_take(), &stats);
        break;
    case FAILURE:
        fail();
        break;
    case AT_EXIT:
        print_at_exit(&stats);
        break;
    case JSON_AT_EXIT:
        print_at_exit_as_json(cn_said_path(), &stats);
        break;
    default:
        print_at_exit_as_json("/no such folder/%p", NULL);
    }
}
