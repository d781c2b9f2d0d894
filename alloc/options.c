#include "options.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "form.h"
#include "os.h"
#include "text.h"

enum { STANDARD_ERROR = 2, DECIMAL = 10, HEXADECIMAL = 16 };

struct piece {
    const char *start;
    size_t length;
};

static bool is_equal(struct piece piece, const char *string) {
    return piece.length == strlen(string) && memcmp(piece.start, string, piece.length) == 0;
}

static bool starts_with(struct piece piece, const char *string) {
    return piece.length >= strlen(string) && memcmp(piece.start, string, strlen(string)) == 0;
}

static struct piece without_start(struct piece piece, size_t length) {
    return (struct piece){piece.start + length, piece.length - length};
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + DECIMAL : UINT8_MAX;
}

/* All of the text is digits of the base, at least one, and the number fits. */
static bool parse_digits(struct piece text, unsigned base, uint64_t *result) {
    uint64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = digit_of(text.start[i]);
        if (digit >= base || __builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return false;
        }
    }
    *result = number;
    return text.length != 0;
}

/* Decimal, or hexadecimal after 0x. */
static bool parse_number(struct piece text, uint64_t *result) {
    if (starts_with(text, "0x") || starts_with(text, "0X")) {
        return parse_digits(without_start(text, 2), HEXADECIMAL, result);
    }
    return parse_digits(text, DECIMAL, result);
}

static bool parse_bytes(struct piece text, uint64_t *result) {
    static const char suffixes[] = {'K', 'M', 'G'};
    enum { SHIFT_A_SUFFIX = 10 };
    const char *suffix =
        text.length != 0 ? memchr(suffixes, text.start[text.length - 1] & ~0x20, sizeof suffixes) : NULL;
    if (suffix == NULL) {
        return parse_number(text, result);
    }
    uint64_t unit = (uint64_t)1 << (suffix - suffixes + 1) * SHIFT_A_SUFFIX;
    text.length--;
    return parse_digits(text, DECIMAL, result) && !__builtin_mul_overflow(*result, unit, result);
}

/* A decimal fraction from 0 to 1, as a share of 2^32. */
static bool parse_fraction(struct piece text, uint64_t *result) {
    enum { DIGITS_MAX = 9 };
    const char *point = memchr(text.start, '.', text.length);
    struct piece whole = {text.start, point != NULL ? (size_t)(point - text.start) : text.length};
    struct piece rest = without_start(text, cn_min(whole.length + 1, text.length));
    uint64_t number;
    uint64_t tenths = 0;
    uint64_t scale = 1;
    if (!parse_digits(whole, DECIMAL, &number) || number > 1 || rest.length > DIGITS_MAX ||
        (point != NULL && !parse_digits(rest, DECIMAL, &tenths))) {
        return false;
    }
    for (size_t i = 0; i < rest.length; i++) {
        scale *= DECIMAL;
    }
    *result = number * CN_RATE_ALWAYS + tenths * CN_RATE_ALWAYS / scale;
    return *result <= CN_RATE_ALWAYS;
}

/* 1/N: N, from 1 on. */
static bool parse_one_in(struct piece text, uint64_t *result) {
    return starts_with(text, "1/") && parse_digits(without_start(text, 2), DECIMAL, result) && *result != 0;
}

static bool parse_rate(struct piece text, uint64_t *result) {
    if (parse_one_in(text, result)) {
        *result = CN_RATE_ALWAYS / *result;
        return true;
    }
    return parse_fraction(text, result);
}

/* After a handler that returns these come again at once; and two of them cannot be handled. */
static bool can_be_handled(uint64_t signal) {
    static const int others[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGKILL, SIGSTOP};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (signal == (uint64_t)others[i]) {
            return false;
        }
    }
    return true;
}

static bool parse_signal(struct piece text, uint64_t *result) {
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
        {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"URG", SIGURG},   {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    };
    struct piece name = starts_with(text, "SIG") ? without_start(text, 3) : text;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (is_equal(name, signals[i].name)) {
            *result = (uint64_t)signals[i].number;
            return true;
        }
    }
    return parse_digits(text, DECIMAL, result) && can_be_handled(*result);
}

static bool parse_choice(struct piece text, const char *const *words, unsigned *result) {
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (is_equal(text, words[i])) {
            *result = i;
            return true;
        }
    }
    return false;
}

static bool parse_guard(struct piece text, struct cn_guard_setting *result) {
    static const char serial[] = "serial:";
    static const char site[] = "site:";
    struct cn_guard_setting setting = {CN_GUARD_NONE, 0};
    bool is_good = true;
    if (is_equal(text, "all")) {
        setting.choice = CN_GUARD_ALL;
    } else if (starts_with(text, serial)) {
        setting.choice = CN_GUARD_SERIAL;
        is_good = parse_digits(without_start(text, sizeof serial - 1), DECIMAL, &setting.number);
    } else if (starts_with(text, site)) {
        struct piece hash = without_start(text, sizeof site - 1);
        setting.choice = CN_GUARD_SITE;
        is_good = parse_digits(without_start(hash, starts_with(hash, "0x") ? 2 : 0), HEXADECIMAL, &setting.number);
    } else if (!is_equal(text, "none")) {
        setting.choice = CN_GUARD_SAMPLE;
        is_good = parse_one_in(text, &setting.number);
    }
    if (is_good) {
        *result = setting;
    }
    return is_good;
}

static bool parse_path(struct piece text, char result[CN_OPTION_PATH_BYTES]) {
    if (text.length == 0 || text.length >= CN_OPTION_PATH_BYTES) {
        return false;
    }
    memcpy(result, text.start, text.length);
    result[text.length] = '\0';
    return true;
}

/* ---- fields -------------------------------------------------------------------------------------------------- */

static bool parse_any_number(enum cn_option_type type, struct piece text, uint64_t *result) {
    if (type == CN_OPTION_BYTES) {
        return parse_bytes(text, result);
    }
    if (type == CN_OPTION_RATE) {
        return parse_rate(text, result);
    }
    return type == CN_OPTION_SIGNAL ? parse_signal(text, result) : parse_number(text, result);
}

static void store_number(enum cn_option_type type, void *field, uint64_t number) {
    if (type == CN_OPTION_SWITCH) {
        *(bool *)field = number != 0;
    } else if (type == CN_OPTION_FILL || type == CN_OPTION_SIGNAL) {
        *(int *)field = (int)number;
    } else if (type == CN_OPTION_SMALL) {
        *(unsigned *)field = (unsigned)number;
    } else if (type == CN_OPTION_BYTES) {
        *(size_t *)field = (size_t)number;
    } else {
        *(uint64_t *)field = number;
    }
}

/* A switch is not `01`, nor a fill byte `-1`. */
static bool set_number(const struct cn_option *option, void *field, struct piece value) {
    uint64_t number;
    if (option->type == CN_OPTION_FILL && is_equal(value, "off")) {
        *(int *)field = CN_OPTION_FILL_OFF;
        return true;
    }
    if ((option->type == CN_OPTION_SWITCH && value.length != 1) || !parse_any_number(option->type, value, &number) ||
        number < option->least || number > option->most) {
        return false;
    }
    store_number(option->type, field, number);
    return true;
}

/* False, and the field as it was, where the value is not one for this option. */
static bool set(struct cn_options *options, const struct cn_option *option, struct piece value) {
    void *field = (char *)options + option->field;
    switch (option->type) {
    case CN_OPTION_PATH:
        return parse_path(value, field);
    case CN_OPTION_CHOICE:
        return parse_choice(value, option->words, field);
    case CN_OPTION_GUARD:
        return parse_guard(value, field);
    case CN_OPTION_SWITCH:
    case CN_OPTION_FILL:
    case CN_OPTION_BYTES:
    case CN_OPTION_SMALL:
    case CN_OPTION_COUNT:
    case CN_OPTION_RATE:
    case CN_OPTION_SIGNAL:
        break;
    }
    return set_number(option, field, value);
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

/* `cairn: WARNING: <words>: <entry>`; a NULL ends the words. */
static CN_COLD void refuse(const char *const *words, struct piece entry) {
    struct cn_text text;
    cn_text_init(&text, STANDARD_ERROR);
    cn_text_put(&text, "cairn: WARNING: ");
    for (size_t i = 0; words[i] != NULL; i++) {
        cn_text_put(&text, words[i]);
    }
    cn_text_put(&text, ": ");
    for (size_t i = 0; i < entry.length; i++) {
        cn_text_put_char(&text, entry.start[i]);
    }
    cn_text_put(&text, "\n");
    (void)cn_text_fini(&text);
}

#define REFUSE(entry, ...) refuse((const char *const[]){__VA_ARGS__, NULL}, entry)

static const struct cn_option *find_option(struct piece name) {
    for (size_t i = 0; i < cn_option_count; i++) {
        if (is_equal(name, cn_option_table[i].name)) {
            return &cn_option_table[i];
        }
    }
    return NULL;
}

/* Options of the debug form are no use in the release form, nor is a choice of blocks that have no numbers there. */
static bool needs_debug_form(const struct cn_option *option, struct piece value) {
    struct cn_guard_setting guard;
    if (option->type == CN_OPTION_GUARD && parse_guard(value, &guard)) {
        return guard.choice != CN_GUARD_NONE && guard.choice != CN_GUARD_SAMPLE;
    }
    return option->form == CN_OPTION_OF_DEBUG_FORM;
}

static bool parse_entry(struct cn_options *options, struct piece entry) {
    const char *equals = memchr(entry.start, '=', entry.length);
    size_t name_length = equals != NULL ? (size_t)(equals - entry.start) : entry.length;
    const struct cn_option *option = find_option((struct piece){entry.start, name_length});
    struct piece value = without_start(entry, cn_min(name_length + 1, entry.length));
    if (option == NULL) {
        REFUSE(entry, "unknown option in CAIRN_OPTIONS, cairn run --help lists all there are");
    } else if (!CAIRN_DEBUG && needs_debug_form(option, value)) {
        REFUSE(entry, "option ", option->name, " in CAIRN_OPTIONS needs the debug form (cairn run --debug) for this");
    } else if (equals == NULL || !set(options, option, value)) {
        REFUSE(entry, "bad value in CAIRN_OPTIONS, the default holds; ", option->name, " takes ", option->value);
    } else {
        return true;
    }
    return false;
}

/* Up to the next colon that is not part of a value. */
static size_t entry_length(const char *text) {
    struct piece entry = {text, strcspn(text, ":")};
    if (text[entry.length] == ':' && (is_equal(entry, "guard=serial") || is_equal(entry, "guard=site"))) {
        entry.length += 1 + strcspn(text + entry.length + 1, ":");
    }
    return entry.length;
}

unsigned cn_options_parse(struct cn_options *options, const char *text) {
    unsigned refused = 0;
    for (const char *at = text; *at != '\0';) {
        struct piece entry = {at, entry_length(at)};
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
