#include "size_class.h"

#include "panic.h"

struct cn_class_table cn_class_table;

enum { POOL_SLACK_SHARE = 32 };

static uint32_t block_bytes_of(unsigned class_index) {
    if (class_index < CN_CLASS_LINEAR_COUNT) {
        return (class_index + 1) << CN_CLASS_LINEAR_SHIFT;
    }
    unsigned doubling = 7 + (class_index - 8) / 8;
    unsigned step = (class_index - 8) % 8 + 1;
    return (1U << doubling) + (step << (doubling - 3));
}

static uint32_t pool_slots_of(uint32_t block_bytes) {
    uint32_t slots = 1;
    while (slots < CN_POOL_SLOTS_MAX) {
        uint32_t pool_bytes = slots * CN_SLOT_BYTES;
        if (pool_bytes / block_bytes >= CN_POOL_MIN_BLOCKS &&
            pool_bytes % block_bytes <= pool_bytes / POOL_SLACK_SHARE) {
            break;
        }
        slots *= 2;
    }
    return slots;
}

static uint64_t starts_of(uint32_t block_granules) {
    uint64_t starts = 0;
    for (uint32_t granule = 0; granule < CN_WORD_GRANULES; granule += block_granules) {
        starts |= (uint64_t)1 << granule;
    }
    return starts;
}

/* The least request that with room is more than `bytes`. */
static uint32_t least_beyond(uint32_t bytes) {
    uint32_t least = bytes / 5 * 4;
    while (cn_class_with_room(least) <= bytes) {
        least++;
    }
    return least;
}

static void init_class(struct cn_class *class, unsigned class_index) {
    uint32_t bytes = block_bytes_of(class_index);
    uint32_t granules = bytes / CN_GRANULE_BYTES;
    uint32_t slots = pool_slots_of(bytes);
    class->block_bytes = bytes;
    class->block_granules = (uint16_t)granules;
    class->inverse = (uint32_t)((((uint64_t)1 << CN_CLASS_INVERSE_SHIFT) + granules - 1) / granules);
    class->least_bytes = class_index == 0 ? 1 : least_beyond(block_bytes_of(class_index - 1));
    class->pool_slots = (uint16_t)slots;
    class->pool_blocks = slots * CN_SLOT_BYTES / bytes;
    class->magazine_blocks =
        (uint16_t)cn_max(CN_MAGAZINE_MIN_BLOCKS, cn_min(CN_MAGAZINE_BYTES / bytes, CN_MAGAZINE_MAX_BLOCKS));
    class->starts = starts_of(granules);
}

void cn_class_init(void) {
    uint32_t entries = 0;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        init_class(&cn_class_table.classes[i], i);
        cn_class_table.classes[i].magazine_offset = (uint16_t)entries;
        entries += 1 + cn_class_table.classes[i].magazine_blocks; /* the sentinel comes first */
    }
    CN_ASSERT(entries <= CN_MAGAZINE_ENTRIES, "S4: all magazines have room in a heap");
    for (unsigned bytes = 0; bytes < sizeof cn_class_table.small; bytes++) {
        cn_class_table.small[bytes] = (uint8_t)(CN_MAGAZINE_WORDS * cn_class_of(bytes));
    }
}

void cn_class_open(void) { cn_class_table.small_end = sizeof cn_class_table.small; }
