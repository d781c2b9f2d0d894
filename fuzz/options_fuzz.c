/*
 * options_fuzz.c: the parser of CAIRN_OPTIONS against a second one that is written otherwise: with regular expressions
 * and the C library's numbers. The input is the text. The two must agree on what is set and how many entries are
 * refused, and standard error must hold one warning for each of these, which quotes the entry. What options there are
 * is not at question: both take that from the table.
 */
#define _GNU_SOURCE

#include "alloc/options.h"

#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"

enum { TEXT_BYTES = 4096, SAID_BYTES = 1 << 20, DECIMAL = 10, HEXADECIMAL = 16 };

static const char warning[] = "cairn: WARNING: ";

/* What was parsed by the second parser, and what of standard error is still to be explained. */
struct reading {
    struct cn_options options;
    unsigned refused;
    const char *said;
};

/* ---- values -------------------------------------------------------------------------------------------------- */

/* The forms that a value can have, or a part of it. */
enum form { FORM_DECIMAL, FORM_HEX, FORM_BYTES, FORM_FRACTION, FORM_ONE_IN, FORM_SERIAL, FORM_SITE, FORM_COUNT };

static bool has_form(const char *value, enum form form) {
    static const char *const expressions[FORM_COUNT] = {
        [FORM_DECIMAL] = "^[0-9]+$",
        [FORM_HEX] = "^0[xX][0-9a-fA-F]+$",
        [FORM_BYTES] = "^[0-9]+[kKmMgG]$",
        [FORM_FRACTION] = "^[0-9]+([.][0-9]{1,9})?$",
        [FORM_ONE_IN] = "^1/[0-9]+$",
        [FORM_SERIAL] = "^serial:[0-9]+$",
        [FORM_SITE] = "^site:(0x)?[0-9a-fA-F]+$",
    };
    static regex_t compiled[FORM_COUNT];
    static bool is_compiled;
    for (unsigned i = 0; i < FORM_COUNT && !is_compiled; i++) {
        CN_EXPECT(regcomp(&compiled[i], expressions[i], REG_EXTENDED | REG_NOSUB) == 0, "the expression is one");
    }
    is_compiled = true;
    return regexec(&compiled[form], value, 0, NULL, 0) == 0;
}

/* The number at the start of `digits`; false where it is too large. */
static bool read_digits(const char *digits, int base, uint64_t *number) {
    errno = 0;
    *number = strtoull(digits, NULL, base);
    return errno == 0;
}

static bool read_number(const char *value, uint64_t *number) {
    return (has_form(value, FORM_DECIMAL) && read_digits(value, DECIMAL, number)) ||
           (has_form(value, FORM_HEX) && read_digits(value, HEXADECIMAL, number));
}

static bool read_bytes(const char *value, uint64_t *number) {
    if (!has_form(value, FORM_BYTES)) {
        return read_number(value, number);
    }
    static const char units[] = "kKmMgG";
    unsigned shift = (unsigned)(strchr(units, value[strlen(value) - 1]) - units) / 2 * 10 + 10;
    bool is_good = read_digits(value, DECIMAL, number) && *number <= UINT64_MAX >> shift;
    *number <<= shift;
    return is_good;
}

static bool read_one_in(const char *value, uint64_t *number) {
    return has_form(value, FORM_ONE_IN) && read_digits(value + strlen("1/"), DECIMAL, number) && *number != 0;
}

static bool read_rate(const char *value, uint64_t *number) {
    if (read_one_in(value, number)) {
        *number = CN_RATE_ALWAYS / *number;
        return true;
    }
    if (!has_form(value, FORM_FRACTION) || !read_digits(value, DECIMAL, number) || *number > 1) {
        return false;
    }
    const char *point = strchr(value, '.');
    uint64_t scale = CN_RATE_ALWAYS;
    uint64_t share = 0;
    for (uint64_t ten = DECIMAL; point != NULL && *++point != '\0'; ten *= DECIMAL) {
        share = share * DECIMAL + (uint64_t)(*point - '0');
        scale = ten;
    }
    *number = *number * CN_RATE_ALWAYS + share * CN_RATE_ALWAYS / scale;
    return *number <= CN_RATE_ALWAYS;
}

static bool read_signal(const char *value, uint64_t *number) {
    static const char *const names[NSIG] = {
        [SIGHUP] = "HUP",   [SIGINT] = "INT",   [SIGQUIT] = "QUIT", [SIGUSR1] = "USR1", [SIGUSR2] = "USR2",
        [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGURG] = "URG",   [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
    };
    static const bool is_fatal[NSIG] = {
        [SIGSEGV] = true, [SIGBUS] = true,  [SIGILL] = true,  [SIGFPE] = true,
        [SIGABRT] = true, [SIGKILL] = true, [SIGSTOP] = true,
    };
    const char *name = value + (strncmp(value, "SIG", 3) == 0 ? 3 : 0);
    for (*number = 1; *number < NSIG; ++*number) {
        if (names[*number] != NULL && strcmp(names[*number], name) == 0) {
            return true;
        }
    }
    return has_form(value, FORM_DECIMAL) && read_digits(value, DECIMAL, number) &&
           (*number >= NSIG || !is_fatal[*number]);
}

static bool read_guard(const char *value, struct cn_guard_setting *setting) {
    uint64_t number = 0;
    bool is_good = true;
    enum cn_guard_choice choice = CN_GUARD_NONE;
    if (has_form(value, FORM_SERIAL)) {
        choice = CN_GUARD_SERIAL;
        is_good = read_digits(value + strlen("serial:"), DECIMAL, &number);
    } else if (has_form(value, FORM_SITE)) {
        choice = CN_GUARD_SITE;
        is_good = read_digits(value + strlen("site:"), HEXADECIMAL, &number);
    } else if (read_one_in(value, &number)) {
        choice = CN_GUARD_SAMPLE;
    } else {
        number = 0;
        is_good = strcmp(value, "none") == 0 || strcmp(value, "all") == 0;
        choice = strcmp(value, "all") == 0 ? CN_GUARD_ALL : CN_GUARD_NONE;
    }
    if (is_good) {
        *setting = (struct cn_guard_setting){choice, number};
    }
    return is_good;
}

/* ---- options ------------------------------------------------------------------------------------------------- */

static bool read_any_number(const struct cn_option *option, const char *value, uint64_t *number) {
    switch (option->type) {
    case CN_OPTION_BYTES:
        return read_bytes(value, number);
    case CN_OPTION_RATE:
        return read_rate(value, number);
    case CN_OPTION_SIGNAL:
        return read_signal(value, number);
    case CN_OPTION_SWITCH:
        return strlen(value) == 1 && read_number(value, number);
    default:
        return read_number(value, number);
    }
}

static size_t field_bytes(const struct cn_option *option) {
    bool is_wide = option->type == CN_OPTION_BYTES || option->type == CN_OPTION_COUNT || option->type == CN_OPTION_RATE;
    return option->type == CN_OPTION_SWITCH ? sizeof(bool) : is_wide ? sizeof(uint64_t) : sizeof(unsigned);
}

static bool read_value(struct cn_options *options, const struct cn_option *option, const char *value) {
    char *field = (char *)options + option->field;
    uint64_t number = 0;
    if (option->type == CN_OPTION_GUARD) {
        return read_guard(value, (struct cn_guard_setting *)(void *)field);
    }
    if (option->type == CN_OPTION_PATH) {
        bool fits = *value != '\0' && strlen(value) < CN_OPTION_PATH_BYTES;
        memcpy(field, value, fits ? strlen(value) + 1 : 0);
        return fits;
    }
    if (option->type == CN_OPTION_CHOICE) {
        while (option->words[number] != NULL && strcmp(option->words[number], value) != 0) {
            number++;
        }
        if (option->words[number] == NULL) {
            return false;
        }
    } else if (option->type == CN_OPTION_FILL && strcmp(value, "off") == 0) {
        number = (uint64_t)CN_OPTION_FILL_OFF;
    } else if (!read_any_number(option, value, &number) || number < option->least || number > option->most) {
        return false;
    }
    memcpy(field, &number, field_bytes(option)); /* little end first */
    return true;
}

static bool is_for_this_form(const struct cn_option *option, const char *value) {
    if (CAIRN_FORM_DEBUG) {
        return true;
    }
    struct cn_guard_setting guard;
    if (option->type == CN_OPTION_GUARD) {
        return !read_guard(value, &guard) || guard.choice == CN_GUARD_NONE || guard.choice == CN_GUARD_SAMPLE;
    }
    return option->form == CN_OPTION_OF_BOTH_FORMS;
}

static bool read_entry(struct cn_options *options, const char *entry) {
    const char *equals = strchr(entry, '=');
    for (size_t i = 0; i < cn_option_count && equals != NULL; i++) {
        const struct cn_option *option = &cn_option_table[i];
        size_t length = (size_t)(equals - entry);
        if (strlen(option->name) == length && strncmp(option->name, entry, length) == 0) {
            return is_for_this_form(option, equals + 1) && read_value(options, option, equals + 1);
        }
    }
    return false;
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
        if (text != NULL && (strcmp(entry, "guard=serial") == 0 || strcmp(entry, "guard=site") == 0)) {
            text[-1] = ':'; /* which is part of the value */
            (void)strsep(&text, ":");
        }
        if (*entry != '\0' && !read_entry(&reading->options, entry)) {
            explain_warning(reading, entry);
        }
    }
}

static void expect_same(const struct cn_options *mine, const struct cn_options *others) {
    for (size_t i = 0; i < cn_option_count; i++) {
        const struct cn_option *option = &cn_option_table[i];
        const char *first = (const char *)mine + option->field;
        const char *second = (const char *)others + option->field;
        if (option->type == CN_OPTION_PATH) {
            CN_EXPECT(strcmp(first, second) == 0, "a path is as the last good entry says");
        } else if (option->type != CN_OPTION_GUARD) {
            CN_EXPECT(memcmp(first, second, field_bytes(option)) == 0, "an option is as the last good entry says");
        }
    }
    CN_EXPECT(mine->guard.choice == others->guard.choice && mine->guard.number == others->guard.number,
              "guard is as the last good entry says");
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
    expect_same(&options, &reading.options);
    return 0;
}
