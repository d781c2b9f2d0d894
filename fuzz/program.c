#include "fuzz/program.h"

enum { KIND_MASK = 63, FLAVOUR_SHIFT = 6, SLOT_MASK = 31, EXTRA_SHIFT = 5 };

/* Kinds by the low six bits of the first byte. INSPECT and TIDY stand for several, by `extra`. */
enum { INSPECT = CN_OP_KINDS, TIDY };

static const uint8_t kinds[KIND_MASK + 1] = {
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_MALLOC,
    CN_OP_CALLOC,
    CN_OP_CALLOC,
    CN_OP_CALLOC,
    CN_OP_CALLOC,
    CN_OP_ALIGNED_ALLOC,
    CN_OP_ALIGNED_ALLOC,
    CN_OP_ALIGNED_ALLOC,
    CN_OP_ALIGNED_ALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOCARRAY,
    CN_OP_REALLOCARRAY,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE,
    CN_OP_FREE_SIZED,
    CN_OP_FREE_SIZED,
    CN_OP_FREE_SIZED,
    CN_OP_FREE_SOME,
    CN_OP_USABLE_SIZE,
    CN_OP_USABLE_SIZE,
    CN_OP_WRITE,
    CN_OP_WRITE,
    CN_OP_WRITE,
    CN_OP_HEAP_CREATE,
    CN_OP_HEAP_DESTROY,
    CN_OP_HAND_OVER,
    CN_OP_HAND_OVER,
    CN_OP_BURST,
    CN_OP_BURST_FREE,
    INSPECT,
    TIDY,
};

static const uint8_t inspections[] = {
    CN_OP_CHECK, CN_OP_WALK,       CN_OP_WALK,       CN_OP_WALK_AND_FREE,
    CN_OP_STATS, CN_OP_HEAP_STATS, CN_OP_HEAP_STATS, CN_OP_HEAP_STATS,
};

/* Giving memory back costs system calls, so that it is rare. */
static const uint8_t tidyings[] = {
    CN_OP_START_OVER,  CN_OP_TRIM,        CN_OP_TRIM,        CN_OP_USABLE_SIZE,
    CN_OP_USABLE_SIZE, CN_OP_USABLE_SIZE, CN_OP_USABLE_SIZE, CN_OP_USABLE_SIZE,
};

/* ---- sizes --------------------------------------------------------------------------------------------------- */

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

enum {
    GROUP_SHIFT = 5,
    TINY_SHIFT = 4,
    MEDIUM_STEP = 3,
    POWERS = 19,
    HUGE_FIRST_POWER = 47,
    BURST_MAX_BYTES = 128 << 10
};

static size_t near_to(size_t bytes, uint8_t how) {
    static const int deltas[] = {0, 1, -1, 8, -8, 15, -15, 16};
    int delta = deltas[how & 7];
    return delta < 0 && bytes < (size_t)-delta ? 0 : bytes + (size_t)delta;
}

/* Size classes as the documentation has them: by 16 up to 128, then eight to each doubling. */
static size_t class_bytes(unsigned index) {
    enum { STEP = 16, LINEAR = 8, PER_DOUBLING = 8 };
    if (index < LINEAR) {
        return (size_t)STEP * (index + 1);
    }
    size_t base = (size_t)(STEP * LINEAR) << (index - LINEAR) / PER_DOUBLING;
    return base + base / PER_DOUBLING * ((index - LINEAR) % PER_DOUBLING + 1);
}

/* A number of pages or slots. */
static size_t unit_bytes(uint8_t how, uint8_t which) {
    static const size_t units[] = {4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB};
    return units[how >> 3 & 3] * (1 + which % 16U);
}

/* A part of an arena, or some. Rare, since such blocks are slow. */
static size_t large_bytes(uint8_t which) {
    static const size_t units[] = {128 * KIB, 256 * KIB, MIB, 2 * MIB};
    return near_to(units[which >> 6] * (1 + (which >> 3 & 3)), which);
}

/* What no system has; multiplied by a small count, some of these are small again where the product wraps around. */
static size_t huge_bytes(uint8_t which) {
    unsigned low = which & 63;
    switch (which >> 6) {
    case 0:
        return SIZE_MAX - low;
    case 1:
        return (size_t)PTRDIFF_MAX - 32 + low;
    case 2:
        return (size_t)1 << (HUGE_FIRST_POWER + low % 17);
    default:
        return SIZE_MAX - low * 4 * KIB;
    }
}

/* Of 64 kinds of size the last three. */
static bool is_large(uint8_t how) { return how >> 2 == 0x3d; }
static bool is_huge(uint8_t how) { return how >> 3 == 0x1f; }

static size_t size_of(uint8_t how, uint8_t which) {
    switch (how >> GROUP_SHIFT) {
    case 0:
    case 1:
        return (size_t)(how << 8 | which) >> TINY_SHIFT;
    case 2:
    case 3:
        return near_to(class_bytes(which % CN_PROGRAM_CLASSES), how);
    case 4:
        return KIB + MEDIUM_STEP * (size_t)((how & 31) << 8 | which);
    case 5:
        return near_to(unit_bytes(how, which), how);
    case 6:
        return near_to((size_t)1 << which % POWERS, how);
    default:
        return is_huge(how) ? huge_bytes(which) : is_large(how) ? large_bytes(which) : which;
    }
}

static size_t alignment_of(unsigned extra, uint8_t which) {
    static const size_t usual[] = {1, 8, 16, 32, 64, 256, 4096};
    static const size_t rare[] = {64 * KIB, 128 * KIB, MIB, 4 * MIB, 8 * MIB, 0, 24, (size_t)1 << 62};
    return extra < sizeof usual / sizeof usual[0] ? usual[extra] : rare[which & 7];
}

/* ---- operations ---------------------------------------------------------------------------------------------- */

static size_t count_of(enum cn_operation_kind kind, unsigned extra, uint8_t which) {
    static const size_t elements[] = {1, 2, 3, 7, 8, 16, 64, 0};
    static const size_t blocks[] = {4, 6, 8, 12, 16, 48, 200, 1024};
    switch (kind) {
    case CN_OP_CALLOC:
    case CN_OP_REALLOCARRAY:
        return elements[extra];
    case CN_OP_BURST:
        return blocks[extra];
    case CN_OP_FREE_SOME:
        return extra + 1;
    default:
        return (size_t)which + 1;
    }
}

/* The size of one of `count` elements. A product of huge ones is made to wrap around to next to nothing. */
static size_t element_bytes(size_t count, uint8_t how, uint8_t which) {
    if (count == 0) {
        return size_of(how, which);
    }
    return is_huge(how) && count > 1 ? SIZE_MAX / count + 1 + (which & 3) : size_of(how, which) / count;
}

/* Many small blocks, or few large ones. */
static size_t burst_count(size_t count, size_t size) {
    size_t most = BURST_MAX_BYTES / (size < BURST_MAX_BYTES ? size + 1 : BURST_MAX_BYTES) + 1;
    return count < most ? count : most;
}

static unsigned heap_of(enum cn_operation_kind kind, unsigned flavour, enum cn_program_shape shape) {
    bool is_about_heaps = kind == CN_OP_HEAP_CREATE || kind == CN_OP_HEAP_DESTROY || kind == CN_OP_HEAP_STATS;
    if (shape == CN_PROGRAM_HEAPS_ALL || is_about_heaps) {
        return 1 + flavour % (CN_PROGRAM_HEAPS - 1);
    }
    return flavour == CN_PROGRAM_HEAPS - 1 ? 1 : 0;
}

static enum cn_operation_kind kind_of(unsigned place, unsigned extra) {
    unsigned kind = kinds[place];
    if (kind == CN_OP_HAND_OVER && extra == 7) {
        return CN_OP_THREAD_END;
    }
    return kind == INSPECT ? inspections[extra] : kind == TIDY ? tidyings[extra] : (enum cn_operation_kind)kind;
}

enum cn_operation_kind cn_program_kind(const uint8_t *operation) {
    return kind_of(operation[0] & KIND_MASK, operation[1] >> EXTRA_SHIFT);
}

size_t cn_program_length(size_t size) {
    size_t operations = size / CN_OPERATION_BYTES;
    return operations < CN_PROGRAM_OPERATIONS ? operations : CN_PROGRAM_OPERATIONS;
}

struct cn_operation cn_program_operation(const uint8_t *data, size_t index, enum cn_program_shape shape) {
    const uint8_t *bytes = data + index * CN_OPERATION_BYTES;
    unsigned flavour = bytes[0] >> FLAVOUR_SHIFT;
    unsigned extra = bytes[1] >> EXTRA_SHIFT;
    struct cn_operation operation = {
        .kind = cn_program_kind(bytes),
        .slot = bytes[1] & SLOT_MASK,
        .thread = flavour,
        .extra = extra,
        .size = size_of(bytes[2], bytes[3]),
        .alignment = alignment_of(extra, bytes[3]),
    };
    operation.heap = heap_of(operation.kind, flavour, shape);
    operation.count = count_of(operation.kind, extra, bytes[3]);
    if (operation.kind == CN_OP_CALLOC || operation.kind == CN_OP_REALLOCARRAY) {
        operation.size = element_bytes(operation.count, bytes[2], bytes[3]);
    } else if (operation.kind == CN_OP_BURST) {
        operation.count = burst_count(operation.count, operation.size);
    } else if (operation.kind == CN_OP_HEAP_CREATE && extra < 4) {
        operation.size = 0;
    }
    bool is_handing_over = operation.kind == CN_OP_HAND_OVER || operation.kind == CN_OP_THREAD_END;
    if (is_handing_over && shape != CN_PROGRAM_CREW) {
        operation.kind = CN_OP_USABLE_SIZE;
    }
    return operation;
}

size_t cn_operation_bytes(const struct cn_operation *operation) {
    if (operation->kind != CN_OP_CALLOC && operation->kind != CN_OP_REALLOCARRAY) {
        return operation->size;
    }
    size_t bytes;
    return __builtin_mul_overflow(operation->count, operation->size, &bytes) ? SIZE_MAX : bytes;
}
