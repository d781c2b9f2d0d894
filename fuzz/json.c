#include "fuzz/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 32, HEX_DIGITS = 4, NUMBER_BYTES = 32 };

static const char *skip_space(const char *at) { return at + strspn(at, " \t\r\n"); }

/* ---- where values end ---------------------------------------------------------------------------------------- */

/* Behind the backslash. */
static const char *end_of_escape(const char *at) {
    if (*at == 'u') {
        for (unsigned i = 1; i <= HEX_DIGITS; i++) {
            if (!isxdigit((unsigned char)at[i])) {
                return NULL;
            }
        }
        return at + 1 + HEX_DIGITS;
    }
    return *at != '\0' && strchr("\"\\/bfnrt", *at) != NULL ? at + 1 : NULL;
}

/* What is not ASCII would have to be checked to be UTF-8: Cairn says that it writes none. */
static const char *end_of_string(const char *at) {
    at++;
    while (at != NULL && *at != '"') {
        if (*at == '\\') {
            at = end_of_escape(at + 1);
        } else {
            at = *at >= ' ' && *at <= '~' ? at + 1 : NULL;
        }
    }
    return at != NULL ? at + 1 : NULL;
}

static const char *end_of_number(const char *at) {
    at += *at == '-' ? 1 : 0;
    size_t digits = strspn(at, "0123456789");
    return digits == 0 || (digits > 1 && *at == '0') ? NULL : at + digits;
}

static const char *end_of_value(const char *at, unsigned depth);

/* An object or an array, which differ in their ends, and in that an object's values have names. */
static const char *end_of_many(const char *at, unsigned depth) {
    bool has_names = *at == '{';
    char end = has_names ? '}' : ']';
    at = skip_space(at + 1);
    if (*at == end) {
        return at + 1;
    }
    for (;; at++) {
        at = skip_space(at);
        if (has_names) {
            at = *at == '"' ? end_of_string(at) : NULL;
            at = at != NULL ? skip_space(at) : NULL;
            at = at != NULL && *at == ':' ? at + 1 : NULL;
        }
        at = at != NULL ? end_of_value(at, depth + 1) : NULL;
        at = at != NULL ? skip_space(at) : NULL;
        if (at == NULL || *at != ',') {
            return at != NULL && *at == end ? at + 1 : NULL;
        }
    }
}

static const char *end_of_value(const char *at, unsigned depth) {
    static const char *const words[] = {"true", "false", "null"};
    at = skip_space(at);
    if (*at == '{' || *at == '[') {
        return depth < DEPTH_MAX ? end_of_many(at, depth) : NULL;
    }
    if (*at == '"') {
        return end_of_string(at);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0) {
            return at + strlen(words[i]);
        }
    }
    return end_of_number(at);
}

const char *cn_json_end(const char *text) { return end_of_value(text, 0); }

/* ---- what values are ----------------------------------------------------------------------------------------- */

const char *cn_json_member(const char *object, const char *name) {
    const char *at = skip_space(object);
    if (*at != '{') {
        return NULL;
    }
    for (at = skip_space(at + 1); *at == '"'; at = skip_space(at + 1)) {
        const char *own_name = at;
        const char *value = skip_space(skip_space(end_of_string(at)) + 1);
        if (cn_json_is_string(own_name, name)) {
            return value;
        }
        at = skip_space(end_of_value(value, 0));
        if (*at != ',') {
            return NULL;
        }
    }
    return NULL;
}

/* The character at *at, which moves on; those above U+00FF are none that are asked for. */
static unsigned take_character(const char **at) {
    static const char escaped[] = "nrtbf";
    static const char meant[] = "\n\r\t\b\f";
    unsigned number = (unsigned char)*(*at)++;
    if (number != '\\') {
        return number;
    }
    number = (unsigned char)*(*at)++;
    if (number == 'u') {
        (void)sscanf(*at, "%4x", &number); // NOLINT(cert-err34-c): four digits stand there
        *at += HEX_DIGITS;
        return number;
    }
    const char *place = strchr(escaped, (int)number);
    return place != NULL ? (unsigned char)meant[place - escaped] : number;
}

bool cn_json_is_string(const char *value, const char *expected) {
    if (value == NULL || *value != '"') {
        return false;
    }
    for (value++; *value != '"'; expected++) {
        if (*expected == '\0' || take_character(&value) != (unsigned char)*expected) {
            return false;
        }
    }
    return *expected == '\0';
}

bool cn_json_is_number(const char *value, uint64_t expected) {
    char digits[NUMBER_BYTES];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, expected);
    return value != NULL && strncmp(value, digits, (size_t)length) == 0 && end_of_number(value) == value + length;
}

bool cn_json_is_hex(const char *value, uint64_t expected) {
    char digits[NUMBER_BYTES];
    (void)snprintf(digits, sizeof digits, "0x%" PRIx64, expected);
    return cn_json_is_string(value, digits);
}
