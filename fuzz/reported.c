#include "fuzz/reported.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/expect.h"
#include "fuzz/json.h"
#include "fuzz/said.h"

enum { WORDS_BYTES = 1024 };

/* Harnesses whose reports are looked at do all in one thread. */
static bool is_by_thread_of(const char *said, const char *event) {
    const char *thread = cn_json_member(said, "thread");
    return thread != NULL && cn_json_is_number(cn_json_member(event, "thread"), strtoull(thread, NULL, 10));
}

static bool is_freed(const char *block) {
    const char *state = cn_json_member(block, "state");
    return cn_json_is_string(state, "freed") || cn_json_is_string(state, "set aside, damaged");
}

static void expect_events(const char *said, const char *block) {
    const char *allocated = cn_json_member(block, "allocated");
    const char *freed = cn_json_member(block, "freed");
    CN_EXPECT(allocated != NULL && is_by_thread_of(said, allocated), "a report names the thread that allocated");
    CN_EXPECT((freed != NULL) == is_freed(block), "a report tells of a freed block who freed it");
    CN_EXPECT(freed == NULL || is_by_thread_of(said, freed), "a report names the thread that freed");
}

static void expect_json(const struct cairn_report *report, const char *said) {
    const char *end = cn_json_end(said);
    const char *block = end != NULL ? cn_json_member(said, "block") : NULL;
    const char *pointer = end != NULL ? cn_json_member(said, "pointer") : NULL;
    CN_EXPECT(end != NULL && strcmp(end, "\n") == 0, "a report as JSON is a line of JSON");
    CN_EXPECT(cn_json_is_string(cn_json_member(said, "kind"), report->kind), "a report has its kind");
    CN_EXPECT(cn_json_is_string(cn_json_member(said, "sentence"), report->sentence), "a report has its sentence");
    CN_EXPECT(cn_json_is_hex(cn_json_member(said, "site"), report->site), "a report has its site");
    CN_EXPECT((pointer != NULL) == (report->pointer != NULL) &&
                  (pointer == NULL || cn_json_is_hex(cn_json_member(pointer, "address"), (uintptr_t)report->pointer)),
              "a report has the pointer that was handed in");
    CN_EXPECT((block != NULL) == (report->block != NULL), "a report describes a block where there is one");
    CN_EXPECT(block == NULL || (cn_json_is_number(cn_json_member(block, "size"), report->size) &&
                                cn_json_is_number(cn_json_member(block, "serial"), report->serial) &&
                                cn_json_is_hex(cn_json_member(block, "address"), (uintptr_t)report->block)),
              "a report describes its block as it is");
    if (block != NULL) {
        expect_events(said, block);
    }
}

static void expect_text(const struct cairn_report *report, const char *said) {
    char words[WORDS_BYTES];
    (void)snprintf(words, sizeof words, "cairn: ERROR: %s: %s\n", report->kind, report->sentence);
    CN_EXPECT(strncmp(said, words, strlen(words)) == 0, "a report's first line is its kind and sentence");
    CN_EXPECT(strstr(said + 1, "cairn: ERROR: ") == NULL, "an incident is reported once");
    (void)snprintf(words, sizeof words, "%zu byte%s at 0x%" PRIxPTR ", serial %" PRIu64 ", ", report->size,
                   report->size == 1 ? "" : "s", (uintptr_t)report->block, report->serial);
    CN_EXPECT(report->block == NULL || strstr(said, words) != NULL, "a report describes its block as it is");
    CN_EXPECT(said[strlen(said) - 1] == '\n', "a report ends its last line");
}

void cn_reported_expect(const struct cairn_report *report, enum cn_reported_form form) {
    const char *said = cn_said_take();
    if (form == CN_REPORTED_JSON) {
        expect_json(report, said);
    } else {
        expect_text(report, said);
    }
}
