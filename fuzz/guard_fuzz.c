/*
 * guard_fuzz.c: blocks on guarded pages (guard.h, sample.h) in the release form, against a model that knows which of
 * their bytes can be accessed. The input is a sequence of allocations, frees and accesses, some of which the pages must
 * stop: each of these is reported, as what it is, of the block that it is of; no other is. System calls fail as the
 * input says.
 *
 *   byte 0     guard_side; how large the zone is; what fails while it is made
 *   the rest   four bytes a step
 */
#define _GNU_SOURCE
#include "alloc/guard.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "alloc/block.h"
#include "alloc/fault.h"
#include "alloc/machine.h"
#include "alloc/sample.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/faults.h"
#include "fuzz/fuzzer.h"
#include "fuzz/renew.h"
#include "fuzz/system.h"

enum { PLACES = 16, STEPS_MAX = 200, PAGE_BYTES = 4096, CHURN_MAX = 400, LIVE_MANY = 2100, WORDS_BYTES = 256 };

enum { SIDE_BEFORE = 1, WIDE_ZONE = 2, FAILING = 4 };

enum state { UNUSED, LIVE, FREED };

struct block {
    enum state state;
    char *start;
    size_t size;
};

static struct block blocks[PLACES];
static struct cn_bytes input;
static uint8_t settings;
static uint8_t plan;

/* ---- the model ----------------------------------------------------------------------------------------------- */

static char *page_of(char *address) { return address - (uintptr_t)address % PAGE_BYTES; }

static size_t page_bytes_of(const struct block *block) {
    return (block->size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* The pages that hold the block, without the one that guards it. */
static char *pages_of(const struct block *block) {
    bool is_before = (settings & SIDE_BEFORE) != 0;
    return is_before || block->size == 0 ? block->start : page_of(block->start);
}

/* A freed block's pages are known as such until others take their place: of the last one that was freed they are. */
static const struct block *last_freed;

static bool is_stopped(const struct block *block, const char *address) {
    const char *pages = pages_of(block);
    return block->state == FREED || address < pages || address >= pages + page_bytes_of(block);
}

/* ---- accesses ------------------------------------------------------------------------------------------------ */

struct access {
    volatile char *address;
    bool is_write;
};

static void access_it(void *argument) {
    const struct access *access = argument;
    if (access->is_write) {
        *access->address = 'w';
    } else {
        (void)*access->address;
    }
}

/* The handler was left by a jump, with its signal still blocked. */
static void unblock(void) {
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGSEGV);
    (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

static void expect_report(const struct block *block, const struct access *access) {
    char words[WORDS_BYTES];
    const char *address = (const char *)(uintptr_t)access->address; // NOLINT: not volatile
    bool is_before = address < block->start;
    const char *kind = block->state == FREED ? "heap-use-after-free"
                       : is_before           ? "heap-buffer-underflow"
                                             : "heap-buffer-overflow";
    const char *place = block->state == FREED ? "in a freed block"
                        : is_before           ? "before the start of a block"
                                              : "past the end of a block";
    ptrdiff_t offset = address - block->start;
    (void)snprintf(words, sizeof words, "cairn: ERROR: %s: %s %s of %zu byte%s at 0x%" PRIxPTR ", at offset %td\n",
                   kind, access->is_write ? "write" : "read", place, block->size, block->size == 1 ? "" : "s",
                   (uintptr_t)block->start, offset);
    const char *said = cn_system_report();
    if (strncmp(said, words, strlen(words)) != 0) {
        fprintf(stderr, "said: %sdue: %s", said, words);
    }
    CN_EXPECT(strncmp(said, words, strlen(words)) == 0, "an access that a page stops is reported as what it is");
    CN_EXPECT(strstr(said, "\n  accessed by thread ") != NULL && strstr(said, "\n  allocated by thread ") != NULL,
              "a report tells who accessed the block, and who allocated it");
    CN_EXPECT((strstr(said, "\n  freed by thread ") != NULL) == (block->state == FREED),
              "a report tells who freed a block that was freed");
}

static void access_block(const struct block *block, size_t distance, bool is_write) {
    char *lowest = pages_of(block) - ((settings & SIDE_BEFORE) != 0 ? PAGE_BYTES : 0);
    size_t extent_bytes = page_bytes_of(block) + PAGE_BYTES;
    struct access access = {lowest + distance % extent_bytes, is_write};
    const char *address = (const char *)(uintptr_t)access.address; // NOLINT: not volatile
    bool came_back = cn_system_run(access_it, &access);
    unblock();
    CN_EXPECT(came_back != is_stopped(block, address), "the pages stop an access beyond a block, and no other");
    if (!came_back) {
        expect_report(block, &access);
    }
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

struct call {
    size_t size;
    size_t alignment;
    char *block;
    bool is_done;
};

CN_UNWATCHED static void do_malloc(void *argument) {
    struct call *call = argument;
    struct cn_registers place = cn_machine_here();
    call->block = cn_sample_malloc(call->size, call->alignment, &place);
}

CN_UNWATCHED static void do_free(void *argument) {
    struct call *call = argument;
    struct cn_registers place = cn_machine_here();
    call->is_done = cn_sample_free(call->block, &place);
}

static void must_come_back(void (*run)(void *), void *argument) {
    CN_EXPECT(cn_system_run(run, argument), "neither a malloc nor a free that is right is reported");
}

static void expect_made(const struct call *call) {
    bool is_before = (settings & SIDE_BEFORE) != 0;
    size_t in_page = (uintptr_t)call->block % PAGE_BYTES;
    size_t to_end = (PAGE_BYTES - ((uintptr_t)call->block + call->size) % PAGE_BYTES) % PAGE_BYTES;
    CN_EXPECT(cn_guard_covers(call->block) && (uintptr_t)call->block % call->alignment == 0, "a block is in the zone");
    CN_EXPECT(is_before ? in_page == 0 : to_end < call->alignment, "a block lies against the page that guards it");
    struct cn_place inside = cn_place_of(call->block + call->size / 2);
    CN_EXPECT(call->size < 2 || (inside.kind == CN_PLACE_INSIDE && inside.offset == call->size / 2 &&
                                 inside.block_bytes == call->size),
              "what lies inside a block is known to");
    CN_EXPECT(cn_block_find(call->block).kind == CN_BLOCK_GUARDED, "a block's start is known");
    CN_EXPECT(call->size == 0 || (call->block[0] == 0 && call->block[call->size - 1] == 0), "a block is zero");
}

static size_t size_of(uint8_t low, uint8_t high) {
    return high < 128 ? (size_t)(high % 16) * 256 + low : (size_t)(high - 128) * 2048 + low;
}

static void make(struct block *block, struct call *call) {
    size_t failures = cn_system_failures();
    must_come_back(do_malloc, call);
    if (call->block == NULL) {
        bool is_small = call->size < PAGE_BYTES && (settings & (WIDE_ZONE | FAILING)) == WIDE_ZONE;
        CN_EXPECT(!is_small || cn_system_failures() > failures || call->alignment > PAGE_BYTES,
                  "there is room for a small block");
        return;
    }
    expect_made(call);
    for (size_t i = 0; i < PLACES; i++) {
        CN_EXPECT(blocks[i].state != LIVE || blocks[i].start != call->block, "no block is handed out twice");
    }
    *block = (struct block){LIVE, call->block, call->size};
    last_freed = NULL; /* it may have taken that one's place */
}

static void end(struct block *block) {
    struct call call = {.block = block->start};
    size_t failures = cn_system_failures();
    must_come_back(do_free, &call);
    CN_EXPECT(call.is_done, "a live block can be freed");
    bool is_withheld = cn_system_failures() == failures; /* else it is neither live nor known as freed */
    block->state = is_withheld ? FREED : UNUSED;
    last_freed = is_withheld ? block : NULL;
    CN_EXPECT(cn_place_of(call.block).kind == CN_PLACE_FREED, "a freed block's start is known");
    must_come_back(do_free, &call);
    CN_EXPECT(!call.is_done, "a freed block cannot be freed");
}

/* Round the zone, so that addresses come back. */
static void churn(size_t count, size_t size) {
    for (size_t i = 0; i < count; i++) {
        struct call call = {.size = size, .alignment = 16};
        must_come_back(do_malloc, &call);
        if (call.block == NULL) {
            return;
        }
        must_come_back(do_free, &call);
    }
    last_freed = NULL;
}

/* More than there are mappings for. */
static void make_many(void) {
    static struct call calls[LIVE_MANY];
    size_t count = 0;
    for (bool is_made = true; is_made && count < LIVE_MANY; count += is_made ? 1 : 0) {
        calls[count] = (struct call){.size = 1, .alignment = 16};
        must_come_back(do_malloc, &calls[count]);
        is_made = calls[count].block != NULL;
    }
    CN_EXPECT(count < LIVE_MANY, "guarded blocks leave mappings for others");
    for (size_t i = 0; i < count; i++) {
        must_come_back(do_free, &calls[i]);
    }
    last_freed = NULL;
}

static void check(void *argument) {
    (void)argument;
    cn_guard_check();
}

static void step(void) {
    enum { ALLOCATE, ALLOCATE_TOO, FREE, ACCESS, ACCESS_TOO, CHURN, FAIL, CHECK, KINDS };
    uint8_t code = cn_bytes_take(&input);
    uint8_t how = cn_bytes_take(&input);
    uint8_t low = cn_bytes_take(&input);
    uint8_t high = cn_bytes_take(&input);
    struct block *block = &blocks[how % PLACES];
    struct call call = {.size = size_of(low, high), .alignment = (size_t)16 << how / PLACES % 10};
    switch (code % KINDS) {
    case ALLOCATE:
    case ALLOCATE_TOO:
        block->state == LIVE ? end(block) : make(block, &call);
        break;
    case FREE:
        if (block->state == LIVE) {
            end(block);
        }
        break;
    case ACCESS:
    case ACCESS_TOO:
        if (block->state == LIVE || (block->state == FREED && block == last_freed)) {
            access_block(block, (size_t)high << 8 | low, how >= 128);
        }
        break;
    case CHURN:
        churn((size_t)how % CHURN_MAX, call.size);
        break;
    case FAIL:
        plan = low;
        cn_system_plan(how & CN_SYSTEM_ANY, &plan, sizeof plan);
        break;
    default:
        high == UINT8_MAX ? make_many() : must_come_back(check, NULL);
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static void start(void *argument) {
    (void)argument;
    cn_guard_start((settings & SIDE_BEFORE) != 0 ? CN_GUARD_BEFORE : CN_GUARD_AFTER);
    cn_sample_start(1, 1);
}

static void run_steps(void) {
    enum { NARROW_BYTES = 24 << 20, FAILING_SHIFT = 3 };
    uint8_t start_plan = settings >> FAILING_SHIFT;
    cn_system_limit_addresses((settings & WIDE_ZONE) != 0 ? 0 : NARROW_BYTES);
    cn_system_plan((settings & FAILING) != 0 ? CN_SYSTEM_MAP : 0, &start_plan, sizeof start_plan);
    must_come_back(start, NULL);
    cn_system_plan(0, NULL, 0);
    for (unsigned i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        step();
    }
    cn_system_plan(0, NULL, 0);
    for (size_t i = 0; i < PLACES; i++) {
        if (blocks[i].state == LIVE) {
            end(&blocks[i]);
        }
    }
    must_come_back(check, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    cn_renew_keep();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_renew();
    cn_faults_begin();
    cn_fault_start();
    memset(blocks, 0, sizeof blocks);
    last_freed = NULL;
    input = cn_bytes_of(data, size);
    settings = cn_bytes_take(&input);
    run_steps();
    cn_faults_end();
    return 0;
}
