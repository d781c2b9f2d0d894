#include "dump.h"

#include "ahead.h"
#include "alloc/os.h"
#include "alloc/region.h"
#include "canary.h"
#include "paint.h"

enum {
    ROW_BYTES = 16,
    ROWS_BEFORE = 2,
    ROWS_BEHIND = 2,
    ROWS_MAX = 12,
    OFFSET_WIDTH = 12,
};

struct row {
    const char *start;
    size_t length; /* that can be read */
    unsigned char bytes[ROW_BYTES];
    unsigned char expected[ROW_BYTES];
    bool is_marked[ROW_BYTES];
    bool is_expected[ROW_BYTES]; /* `expected` is known */
    bool has_marks;
    bool has_expected;
};

static bool is_in(const char *address, const char *from, const char *to) {
    return (uintptr_t)address - (uintptr_t)from < (uintptr_t)to - (uintptr_t)from;
}

static bool fill_of_freed(unsigned char *expected) {
    *expected = (unsigned char)cn_fill_freed;
    return cn_fill_freed >= 0;
}

/* Of memory that no block has: the next that a pool will hand out, or what is to be zero (unowned.h). */
static bool fill_of_rest(const char *address, unsigned char *expected) {
    size_t granule = ((uintptr_t)address - (uintptr_t)cn_region.base) >> CN_GRANULE_SHIFT;
    if (!cn_region_covers(granule)) {
        return false;
    }
    size_t slot = cn_slot_of_granule(granule);
    bool is_of_pool = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed) != 0;
    *expected = 0;
    return !is_of_pool || !cn_ahead_covers(slot, address) || fill_of_freed(expected);
}

bool cn_dump_expected(const char *address, unsigned char *expected) {
    struct cn_known known = cn_record_around(address);
    if (known.kind == CN_BLOCK_NONE) {
        return fill_of_rest(address, expected);
    }
    struct cn_facts facts = cn_record_facts(known.record);
    if (facts.state == CN_RECORD_FREE && known.kind == CN_BLOCK_SPAN) {
        return false; /* its pages may have gone back since */
    }
    if (facts.state != CN_RECORD_LIVE && (facts.marks & CN_MARK_PARKED) == 0) {
        return facts.state != CN_RECORD_BUSY && fill_of_freed(expected);
    }
    const char *user = known.core + facts.head_bytes;
    if (is_in(address, user, user + facts.size_bytes)) {
        return false;
    }
    if (address < cn_record_canaries(&known, facts.head_bytes)) {
        return known.kind == CN_BLOCK_POOL && fill_of_freed(expected);
    }
    *expected = cn_canary_byte(address);
    return true;
}

static void mark(struct row *row, size_t i, const struct cn_dump *dump) {
    const char *address = row->start + i;
    if (dump->marks == CN_DUMP_MARKS_NOTHING || !is_in(address, dump->focus, dump->focus + dump->focus_bytes)) {
        return;
    }
    bool is_known = cn_dump_expected(address, &row->expected[i]);
    row->is_marked[i] = !is_known || row->bytes[i] != row->expected[i];
    row->is_expected[i] = is_known;
    row->has_marks |= row->is_marked[i];
    row->has_expected |= is_known;
}

static void read_row(struct row *row, const char *start, const struct cn_dump *dump) {
    *row = (struct row){.start = start};
    row->length = cn_os_peek(start, row->bytes, ROW_BYTES);
    for (size_t i = 0; i < row->length; i++) {
        mark(row, i, dump);
    }
}

static void put_byte(struct cn_text *text, unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    cn_text_put_char(text, ' ');
    cn_text_put_char(text, digits[byte >> 4]);
    cn_text_put_char(text, digits[byte & 15]);
}

/* The offset of the row's first byte, as `+32` or `-16`. */
static void put_offset(struct cn_text *text, const char *start, const char *origin) {
    char digits[OFFSET_WIDTH + 12] = {0};
    ptrdiff_t offset = start - origin;
    digits[0] = offset < 0 ? '-' : '+';
    (void)cn_text_format_number((uint64_t)(offset < 0 ? -offset : offset), digits + 1);
    cn_text_put_column(text, origin != NULL ? digits : "", OFFSET_WIDTH);
}

static void put_row(struct cn_text *text, const struct row *row, const char *origin) {
    cn_text_put(text, "    ");
    cn_text_put_hex(text, (uintptr_t)row->start);
    put_offset(text, row->start, origin);
    cn_text_put(text, "  ");
    for (size_t i = 0; i < ROW_BYTES; i++) {
        cn_paint(text, row->is_marked[i] ? CN_PAINT_DAMAGE : CN_PAINT_PLAIN);
        if (i < row->length) {
            put_byte(text, row->bytes[i]);
        } else {
            cn_text_put(text, " --");
        }
    }
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put(text, "  |");
    for (size_t i = 0; i < row->length; i++) {
        unsigned char byte = row->bytes[i];
        cn_text_put_char(text, (char)(byte >= ' ' && byte <= '~' ? byte : '.'));
    }
    cn_text_put(text, "|\n");
}

static size_t hex_width(const char *address) {
    size_t digits = 1;
    for (uintptr_t rest = (uintptr_t)address >> 4; rest != 0; rest >>= 4) {
        digits++;
    }
    return digits + 2;
}

/* The line below a row, with `title` at its start, and something at each marked byte. */
static void start_line(struct cn_text *text, const struct row *row, const char *title) {
    size_t width = 4 + hex_width(row->start) + OFFSET_WIDTH + 2;
    cn_text_put_column(text, title, (int)width);
}

static size_t last_mark(const struct row *row) {
    size_t last = ROW_BYTES - 1;
    while (last > 0 && !row->is_marked[last]) {
        last--;
    }
    return last;
}

static void put_marks(struct cn_text *text, const struct row *row) {
    start_line(text, row, "");
    cn_paint(text, CN_PAINT_DAMAGE);
    for (size_t i = 0; i <= last_mark(row); i++) {
        cn_text_put(text, row->is_marked[i] ? " ^^" : "   ");
    }
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put_char(text, '\n');
}

static void put_expected(struct cn_text *text, const struct row *row) {
    start_line(text, row, "should be");
    cn_paint(text, CN_PAINT_GOOD);
    for (size_t i = 0; i <= last_mark(row); i++) {
        if (row->is_marked[i] && row->is_expected[i]) {
            put_byte(text, row->expected[i]);
        } else {
            cn_text_put(text, "   ");
        }
    }
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put_char(text, '\n');
}

static const char *row_of(const char *address) { return address - (uintptr_t)address % ROW_BYTES; }

void cn_dump_put(struct cn_text *text, const struct cn_dump *dump) {
    const char *start = row_of(dump->focus) - (size_t)ROWS_BEFORE * ROW_BYTES;
    const char *end = row_of(dump->focus + cn_max(dump->focus_bytes, 1) - 1) + (size_t)(ROWS_BEHIND + 1) * ROW_BYTES;
    const char *cut = start + (size_t)ROWS_MAX * ROW_BYTES;
    for (const char *at = start; at < end && at < cut; at += ROW_BYTES) {
        struct row row;
        read_row(&row, at, dump);
        if (row.length == 0 && (at + ROW_BYTES <= dump->focus || at >= dump->focus + dump->focus_bytes)) {
            continue; /* beside the heap */
        }
        put_row(text, &row, dump->origin);
        if (row.has_marks) {
            put_marks(text, &row);
        }
        if (row.has_marks && row.has_expected) {
            put_expected(text, &row);
        }
    }
    if (cut < end) {
        cn_text_put(text, "    (and ");
        cn_text_put_number(text, (uint64_t)(end - cut));
        cn_text_put(text, " bytes more)\n");
    }
}
