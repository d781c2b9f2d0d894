#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "panic.h"

struct cn_options cn_options = {.fill_allocated = 0xCD,
                                .fill_freed = 0xDD,
                                .quarantine_bytes = 64 << 20,
                                .stack_depth = 16,
                                .check_at_exit = true,
                                .protect_freed = true,
                                .mismatch = true};

struct piece {
    const char *start;
    size_t length;
};

static bool is_equal(struct piece piece, const char *string) {
    return piece.length == strlen(string) && memcmp(piece.start, string, piece.length) == 0;
}

static bool parse_switch(struct piece value, bool *result) {
    if (!is_equal(value, "0") && !is_equal(value, "1")) {
        return false;
    }
    *result = value.start[0] == '1';
    return true;
}

static bool parse_path(struct piece value, char result[CN_OPTION_PATH_BYTES]) {
    if (value.length == 0 || value.length >= CN_OPTION_PATH_BYTES) {
        return false;
    }
    memcpy(result, value.start, value.length);
    result[value.length] = '\0';
    return true;
}

enum verdict { ACCEPTED, UNKNOWN_KEY, BAD_VALUE };

static enum verdict set(struct cn_options *options, struct piece key, struct piece value) {
    bool is_good;
    if (is_equal(key, "stats")) {
        is_good = parse_switch(value, &options->stats);
    } else if (is_equal(key, "stats_json")) {
        is_good = parse_path(value, options->stats_json);
    } else {
        return UNKNOWN_KEY;
    }
    return is_good ? ACCEPTED : BAD_VALUE;
}

static bool parse_entry(struct cn_options *options, struct piece entry) {
    const char *equals = memchr(entry.start, '=', entry.length);
    size_t key_length = equals != NULL ? (size_t)(equals - entry.start) : entry.length;
    struct piece key = {entry.start, key_length};
    struct piece value = {entry.start + key_length + 1, entry.length - key_length - 1};
    enum verdict verdict = equals != NULL ? set(options, key, value) : BAD_VALUE;
    if (equals == NULL && !is_equal(key, "stats") && !is_equal(key, "stats_json")) {
        verdict = UNKNOWN_KEY;
    }
    if (verdict == UNKNOWN_KEY) {
        cn_warn("unknown option in CAIRN_OPTIONS, known are stats and stats_json", entry.start, entry.length);
    } else if (verdict == BAD_VALUE) {
        cn_warn("bad value in CAIRN_OPTIONS, the default holds; stats takes 0 or 1, stats_json a path", entry.start,
                entry.length);
    }
    return verdict == ACCEPTED;
}

unsigned cn_options_parse(struct cn_options *options, const char *text) {
    unsigned refused = 0;
    for (const char *at = text; *at != '\0';) {
        struct piece entry = {at, strcspn(at, ":")};
        if (entry.length != 0 && !parse_entry(options, entry)) {
            refused++;
        }
        at += entry.length;
        at += *at == ':' ? 1 : 0;
    }
    return refused;
}

void cn_options_read(void) {
    const char *text = cn_os_is_privileged() ? NULL : getenv("CAIRN_OPTIONS");
    if (text != NULL) {
        (void)cn_options_parse(&cn_options, text);
    }
}
