#include "cfi.h"

#include "cfi_run.h"

/* How addresses are written: a format, and what they are relative to. */
enum {
    ENCODING_FORMAT = 0x0f,
    FORMAT_WORD = 0x00,
    FORMAT_ULEB = 0x01,
    FORMAT_U2 = 0x02,
    FORMAT_U4 = 0x03,
    FORMAT_U8 = 0x04,
    FORMAT_SLEB = 0x09,
    FORMAT_S2 = 0x0a,
    FORMAT_S4 = 0x0b,
    FORMAT_S8 = 0x0c,
    ENCODING_BASE = 0x70,
    BASE_PC = 0x10,
    ENCODING_SORTED_TABLE = 0x3b, /* of .eh_frame_hdr: 4 signed bytes each, relative to its start */
};

enum { HEADER_VERSION = 1, HEADER_MAX_BYTES = 4 + 2 * 10, LENGTH_BYTES = 4 };

#define LENGTH_IS_64_BIT UINT32_MAX

/* An entry of the sorted table in .eh_frame_hdr; both are relative to that section's start. */
struct table_entry {
    int32_t code;
    int32_t description;
};

static uintptr_t read_plain(struct cn_reader *reader, unsigned format) {
    switch (format) {
    case FORMAT_WORD:
    case FORMAT_U8:
    case FORMAT_S8:
        return cn_reader_unsigned(reader, 8);
    case FORMAT_U2:
        return cn_reader_unsigned(reader, 2);
    case FORMAT_U4:
        return cn_reader_unsigned(reader, 4);
    case FORMAT_S2:
        return (uintptr_t)cn_reader_signed(reader, 2);
    case FORMAT_S4:
        return (uintptr_t)cn_reader_signed(reader, 4);
    case FORMAT_ULEB:
        return cn_reader_uleb(reader);
    case FORMAT_SLEB:
        return (uintptr_t)cn_reader_sleb(reader);
    default:
        reader->has_overrun = true;
        return 0;
    }
}

static uintptr_t read_encoded(struct cn_reader *reader, unsigned encoding) {
    uintptr_t here = (uintptr_t)reader->at;
    uintptr_t value = read_plain(reader, encoding & ENCODING_FORMAT);
    return (encoding & ENCODING_BASE) == BASE_PC ? here + value : value;
}

/* The record that starts there, without its length; empty where it is the end mark or too large to be true. */
static struct cn_reader open_record(const uint8_t *start) {
    uint32_t length;
    memcpy(&length, start, LENGTH_BYTES);
    return cn_reader_of(start + LENGTH_BYTES, length == LENGTH_IS_64_BIT ? 0 : length);
}

/* What the letters of a common entry's augmentation say. False where one is not understood. */
static bool read_augmentation(struct cn_reader *cie, const char *letters, unsigned *code_encoding,
                              struct cn_cfi_function *function) {
    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 'z':
            (void)cn_reader_uleb(cie);
            break;
        case 'R':
            *code_encoding = cn_reader_byte(cie);
            break;
        case 'L':
            (void)cn_reader_byte(cie);
            break;
        case 'P':
            (void)read_encoded(cie, cn_reader_byte(cie));
            break;
        case 'S':
            function->is_signal = true;
            break;
        default:
            return false;
        }
    }
    return true;
}

/* The common information entry. `letters` is its augmentation. */
static bool read_common(const uint8_t *start, struct cn_cfi_function *function, unsigned *code_encoding,
                        const char **letters) {
    struct cn_reader cie = open_record(start);
    (void)cn_reader_unsigned(&cie, LENGTH_BYTES); /* its id */
    unsigned version = cn_reader_byte(&cie);
    *letters = (const char *)cie.at;
    while (cn_reader_byte(&cie) != 0) {
    }
    function->code_alignment = cn_reader_uleb(&cie);
    function->data_alignment = cn_reader_sleb(&cie);
    function->return_register = version == 1 ? cn_reader_byte(&cie) : cn_reader_uleb(&cie);
    if (cie.has_overrun || !read_augmentation(&cie, *letters, code_encoding, function)) {
        return false;
    }
    function->initial = cie;
    return !cie.has_overrun;
}

static bool read_function(const uint8_t *start, struct cn_cfi_function *function) {
    struct cn_reader fde = open_record(start);
    const uint8_t *id_at = fde.at;
    uint64_t common_back = cn_reader_unsigned(&fde, LENGTH_BYTES);
    unsigned code_encoding = FORMAT_WORD;
    const char *letters = NULL;
    if (common_back == 0 || !read_common(id_at - common_back, function, &code_encoding, &letters)) {
        return false;
    }
    function->start = read_encoded(&fde, code_encoding);
    function->size = read_plain(&fde, code_encoding & ENCODING_FORMAT);
    if (letters[0] == 'z') {
        cn_reader_skip(&fde, cn_reader_uleb(&fde));
    }
    function->instructions = fde;
    return !fde.has_overrun;
}

/* The last entry of the sorted table that does not lie above. */
static const struct table_entry *search(const struct table_entry *table, size_t count, intptr_t code) {
    size_t low = 0;
    size_t high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table[middle].code <= code) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &table[low];
}

struct cn_cfi_rule cn_cfi_find(const void *eh_frame_hdr, uintptr_t address) {
    struct cn_cfi_rule unknown = {.kind = CN_CFI_UNKNOWN};
    const uint8_t *header = eh_frame_hdr;
    struct cn_reader reader = cn_reader_of(header, HEADER_MAX_BYTES);
    unsigned version = cn_reader_byte(&reader);
    unsigned frame_encoding = cn_reader_byte(&reader);
    unsigned count_encoding = cn_reader_byte(&reader);
    unsigned table_encoding = cn_reader_byte(&reader);
    (void)read_encoded(&reader, frame_encoding);
    size_t count = count_encoding == FORMAT_U4 ? read_encoded(&reader, count_encoding) : 0;
    if (version != HEADER_VERSION || table_encoding != ENCODING_SORTED_TABLE || count == 0) {
        return unknown;
    }
    const struct table_entry *entry =
        search((const struct table_entry *)(const void *)reader.at, count, (intptr_t)(address - (uintptr_t)header));
    struct cn_cfi_function function = {0};
    if (!read_function(header + entry->description, &function) || address - function.start >= function.size) {
        return unknown;
    }
    return cn_cfi_run(&function, address);
}
