/*
 * size_class_fuzz.c: size classes (size_class.h) against the rule that they follow, which is written here a second
 * time: multiples of 16 bytes up to 128, then eight sizes to each doubling. The input is requests, of a size and an
 * alignment each; and for each class that they meet, places in a pool, of which the class must say rightly whether
 * blocks start there.
 */
#include "alloc/size_class.h"

#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"

/* The size of the class, by the rule. */
static size_t rule_bytes(unsigned class_index) {
    size_t bytes = 0;
    size_t step = 16;
    for (unsigned i = 0; i <= class_index; i++) {
        step = bytes >= 128 && (bytes & (bytes - 1)) == 0 ? bytes / 8 : step;
        bytes += step;
    }
    return bytes;
}

/* The first class that holds `size` in blocks at multiples of `alignment`, by trying. */
static unsigned rule_class(size_t size, size_t alignment) {
    unsigned class_index = 0;
    while (rule_bytes(class_index) < size || rule_bytes(class_index) % alignment != 0) {
        class_index++;
    }
    return class_index;
}

static void check_request(size_t size, size_t alignment) {
    unsigned wanted = rule_class(size, alignment);
    CN_EXPECT(cn_class_of_aligned(size, alignment) == wanted, "a request gets the least class that will do");
    if (alignment == 1) {
        CN_EXPECT(cn_class_of(size) == wanted, "a request gets the least class that holds it");
        CN_EXPECT(size > CN_CLASS_TABLE_MAX_BYTES || cn_class_of_small(size) == wanted, "the table says the same");
    }
    CN_EXPECT(cn_class_at(wanted)->block_bytes == rule_bytes(wanted), "a class has the size of the rule");
}

/* A bitmap word of a pool whose first granule is `granule` granules after a block's start. */
static void check_starts(unsigned class_index, unsigned granule) {
    const struct cn_class *class = cn_class_at(class_index);
    unsigned phase = granule % class->block_granules;
    unsigned before = phase == 0 ? 0 : class->block_granules - phase;
    uint64_t starts = before < CN_WORD_GRANULES ? class->starts << before : 0;
    for (unsigned bit = 0; bit < CN_WORD_GRANULES; bit++) {
        bool is_start = (granule + bit) * (size_t)CN_GRANULE_BYTES % rule_bytes(class_index) == 0;
        CN_EXPECT((starts >> bit & 1) == is_start, "a class says where blocks start");
    }
}

static void check_pool(unsigned class_index) {
    const struct cn_class *class = cn_class_at(class_index);
    size_t pool_bytes = (size_t) class->pool_slots * CN_SLOT_BYTES;
    size_t slack = pool_bytes - class->pool_blocks * rule_bytes(class_index);
    CN_EXPECT(class->pool_slots <= CN_POOL_SLOTS_MAX && class->pool_blocks >= 8, "a pool has eight blocks or more");
    CN_EXPECT(slack < rule_bytes(class_index), "a pool has as many blocks as fit");
    CN_EXPECT(slack * (class->pool_slots < CN_POOL_SLOTS_MAX ? 32 : 11) <= pool_bytes, "a pool wastes little");
    CN_EXPECT(class->magazine_offset + class->magazine_blocks < CN_MAGAZINE_ENTRIES, "a magazine has room");
    CN_EXPECT(class_index == 0 || class->magazine_offset > cn_class_at(class_index - 1)->magazine_offset +
                                                               cn_class_at(class_index - 1)->magazine_blocks,
              "magazines lie one after another");
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_class_init();
    cn_class_open();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cn_bytes input = cn_bytes_of(data, size);
    while (cn_bytes_are_left(&input)) {
        size_t request = cn_bytes_take_number(&input, 3) % (CN_BLOCK_MAX_BYTES + 1);
        size_t alignment = (size_t)1 << cn_bytes_take(&input) % 17;
        check_request(request, alignment);
        check_pool(cn_class_of(request));
        check_starts(cn_class_of(request), (unsigned)cn_bytes_take_number(&input, 2) % (8 * CN_SLOT_GRANULES));
    }
    return 0;
}
