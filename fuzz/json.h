/*
 * json.h: JSON (RFC 8259), read strictly, in place. Nothing is allocated.
 */
#ifndef CAIRN_FUZZ_JSON_H
#define CAIRN_FUZZ_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Where the value that starts at `text` ends; NULL: it is none. White space before it is skipped. */
const char *cn_json_end(const char *text);

/* The value of the object's member; NULL: it has no such. `object` is good JSON, as are all below. */
const char *cn_json_member(const char *object, const char *name);

/* Whether the value is that string. */
bool cn_json_is_string(const char *value, const char *expected);

/* Whether the value is that number, written as an integer. */
bool cn_json_is_number(const char *value, uint64_t expected);

/* Whether it is a string that holds the number in hexadecimal, with 0x. */
bool cn_json_is_hex(const char *value, uint64_t expected);

#endif
