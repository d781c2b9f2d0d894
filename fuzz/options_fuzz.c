/*
 * options_fuzz.c: the parser of CAIRN_OPTIONS against a second one that is written otherwise. The input is the text.
 * The two must agree on what is set and how many entries are refused, and standard error must hold one warning for
 * each of these, which quotes the entry.
 */
#define _GNU_SOURCE

#include "alloc/options.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"

enum { TEXT_BYTES = 4096, SAID_BYTES = 1 << 20 };

static const char warning[] = "cairn: WARNING: ";

/* What was parsed by the second parser, and what of standard error is still to be explained. */
struct reading {
    struct cn_options options;
    unsigned refused;
    const char *said;
};

static bool read_value(struct cn_options *options, const char *entry) {
    if (strcmp(entry, "stats=0") == 0 || strcmp(entry, "stats=1") == 0) {
        options->stats = strcmp(entry, "stats=1") == 0;
        return true;
    }
    const char *path = entry + strlen("stats_json=");
    if (strncmp(entry, "stats_json=", strlen("stats_json=")) != 0 || *path == '\0' ||
        strlen(path) >= sizeof options->stats_json) {
        return false;
    }
    strcpy(options->stats_json, path); // NOLINT: its length was just compared
    return true;
}

static void explain_warning(struct reading *reading, const char *entry) {
    CN_EXPECT(strncmp(reading->said, warning, strlen(warning)) == 0, "a refused entry gets a warning");
    const char *quote = strstr(reading->said + strlen(warning), ": ");
    CN_EXPECT(quote != NULL && strncmp(quote + 2, entry, strlen(entry)) == 0, "a warning quotes its entry");
    CN_EXPECT(quote[2 + strlen(entry)] == '\n', "a warning ends with its entry");
    reading->said = quote + 2 + strlen(entry) + 1;
    reading->refused++;
}

/* Takes `text` apart. */
static void read_text(struct reading *reading, char *text) {
    for (char *entry; (entry = strsep(&text, ":")) != NULL;) {
        if (*entry != '\0' && !read_value(&reading->options, entry)) {
            explain_warning(reading, entry);
        }
    }
}

/* Parses with standard error going to `said`, a string then. */
static unsigned parse(struct cn_options *options, const char *text, char *said) {
    static int file = -1;
    static int standard_error;
    if (file < 0) {
        file = memfd_create("standard error", MFD_CLOEXEC);
        standard_error = dup(STDERR_FILENO);
    }
    CN_EXPECT(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0, "the file for standard error is there");
    (void)dup2(file, STDERR_FILENO);
    unsigned refused = cn_options_parse(options, text);
    (void)dup2(standard_error, STDERR_FILENO);
    ssize_t length = pread(file, said, SAID_BYTES - 1, 0);
    CN_EXPECT(length >= 0 && length < SAID_BYTES - 1, "what was said can be read");
    said[length] = '\0';
    return refused;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char text[TEXT_BYTES];
    static char said[SAID_BYTES];
    static struct cn_options options;
    static struct reading reading;
    size_t length = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, length);
    text[length] = '\0';
    memset(&options, 0, sizeof options);
    unsigned refused = parse(&options, text, said);
    memset(&reading, 0, sizeof reading);
    reading.said = said;
    read_text(&reading, text);
    CN_EXPECT(*reading.said == '\0', "nothing is said but the warnings");
    CN_EXPECT(refused == reading.refused, "all that is wrong is refused, and nothing else");
    CN_EXPECT(options.stats == reading.options.stats, "stats is as the last good entry says");
    CN_EXPECT(strcmp(options.stats_json, reading.options.stats_json) == 0, "stats_json is as the last good entry says");
    return 0;
}
