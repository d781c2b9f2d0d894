/*
 * fault_fuzz.c: accesses that a page stops in the debug form: beyond a block on guarded pages, to a freed one, to large
 * blocks that were freed, to pools all of whose blocks were, and writes to sealed ones. Each is reported as what it is, of
 * the block that it is of, in words that say where; no other access is. The input is a sequence of calls and accesses, four bytes each.
 *
 * The program goes on after a report: the callback makes the page accessible, and the access is made after all.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc/cairn.h"
#include "alloc/fault.h"
#include "alloc/guard.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/faults.h"
#include "fuzz/fuzzer.h"
#include "fuzz/quarantine.h"
#include "fuzz/reported.h"
#include "fuzz/said.h"

enum { PLACES = 16, STEPS_MAX = 120, PAGE_BYTES = 4096, STACK_DEPTH = 32 /* out of the program, to the C library */ };
enum { LARGE_MIN_BYTES = 100 << 10, LARGE_UNIT = 4 << 10, MARGIN_BYTES = 4 * PAGE_BYTES };

/* Blocks that fill pools; so many pools at most are hidden at a time. */
enum { POOL_CORE_BYTES = 4096, POOL_BYTES = 64 << 10, POOL_BLOCKS = POOL_BYTES / POOL_CORE_BYTES, HEAD_BYTES = 16 };
enum { HIDDEN_BLOCKS = 3 * POOL_BLOCKS, HIDDEN_SIZE = POOL_CORE_BYTES - 2 * HEAD_BYTES, HIDES_MAX = 8 };

enum state { UNUSED, LIVE, SEALED, FREED, HIDDEN };

struct block {
    enum state state;
    bool is_guarded;
    char *start;
    size_t size;
};

static struct block blocks[PLACES];
static const struct block *last_freed[2];  /* without and with guarded pages: others may have lost theirs */
static struct block hidden[HIDDEN_BLOCKS]; /* of the last pools that were */
static size_t hidden_count;
static unsigned hides;
static struct cn_bytes input;

/* ---- accesses ------------------------------------------------------------------------------------------------ */

static struct {
    const struct block *block;
    volatile char *address;
    bool is_write;
    bool is_stopped;
    char *volatile opened; /* the page that a report was made of; written within the access */
} now;

static const char *due_kind(void) {
    const char *address = (const char *)(uintptr_t)now.address; // NOLINT: not volatile
    if (now.block->state == FREED || now.block->state == HIDDEN) {
        return "heap-use-after-free";
    }
    if (address < now.block->start) {
        return "heap-buffer-underflow";
    }
    bool is_inside = address < now.block->start + now.block->size;
    return now.block->state == SEALED && is_inside ? "sealed-write" : "heap-buffer-overflow";
}

static void open_page(void) {
    uintptr_t address = (uintptr_t)now.address;
    now.opened = (char *)(address - address % PAGE_BYTES); // NOLINT: an address
    CN_EXPECT(mprotect(now.opened, PAGE_BYTES, PROT_READ | PROT_WRITE) == 0, "a page can be made accessible");
}

static enum cairn_verdict on_report(const struct cairn_report *report, void *argument) {
    (void)argument;
    if (now.block == NULL || !now.is_stopped || now.opened != NULL) {
        fprintf(stderr, "reported: %s: %s\n", report->kind, report->sentence);
    }
    CN_EXPECT(now.block != NULL && now.opened == NULL, "nothing is reported but an access, and that once");
    CN_EXPECT(strcmp(report->kind, due_kind()) == 0, "an access is reported as what it is");
    CN_EXPECT(report->pointer == (const void *)(uintptr_t)now.address && report->block == now.block->start &&
                  report->size == now.block->size,
              "an access is reported of its block");
    CN_EXPECT(strncmp(report->sentence, now.is_write ? "write " : "read ", now.is_write ? 6 : 5) == 0,
              "a report says what the access was");
    cn_reported_expect(report, cn_options.report == CN_REPORT_JSON ? CN_REPORTED_JSON : CN_REPORTED_TEXT);
    open_page();
    return CAIRN_GO_ON;
}

static char *page_of(char *address) { return address - (uintptr_t)address % PAGE_BYTES; }

static char *end_of_pages(const struct block *block) { return page_of(block->start + block->size + PAGE_BYTES - 1); }

/* Of a pool, which can be read while the pool is hidden. */
static bool is_last_page(const char *address) {
    return (uintptr_t)address % POOL_BYTES / PAGE_BYTES == POOL_BYTES / PAGE_BYTES - 1;
}

/* As it was before it was opened. */
static void close_page(void) {
    bool is_hidden = now.block->state == HIDDEN;
    bool is_sealed = now.block->state == SEALED && now.opened < end_of_pages(now.block);
    bool can_be_read = is_sealed || (is_hidden && is_last_page(now.opened));
    if (!is_sealed && !is_hidden) {
        (void)madvise(now.opened, PAGE_BYTES, MADV_DONTNEED);
    }
    CN_EXPECT(mprotect(now.opened, PAGE_BYTES, can_be_read ? PROT_READ : PROT_NONE) == 0, "a page can be protected");
    cn_fault_start(); /* a fault is handled once */
}

static void access_it(const struct block *block, char *address, bool is_write, bool is_stopped) {
    now.block = block;
    now.address = address;
    now.is_write = is_write;
    now.is_stopped = is_stopped;
    now.opened = NULL;
    if (!is_write) {
        (void)*now.address;
    } else if (block->state == LIVE) {
        *now.address = 'w';
    } else {
        int stands_there = block->state == SEALED ? 's' : cn_options.fill_freed;
        *now.address = (char)(unsigned char)stands_there;
    }
    CN_EXPECT((now.opened != NULL) == is_stopped, "the pages stop what they are to stop, and nothing else");
    if (is_stopped) {
        close_page();
    }
    now.block = NULL;
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* Of guarded pages, anywhere in them and in the page behind; of others, where nothing but the block lies. */
static void access_block(const struct block *block, size_t distance, bool is_write) {
    if (block->state == UNUSED || (block->state == FREED && last_freed[block->is_guarded ? 1 : 0] != block)) {
        return;
    }
    char *first = block->is_guarded ? page_of(block->start) : block->start + MARGIN_BYTES;
    char *end = block->is_guarded ? end_of_pages(block) + PAGE_BYTES : block->start + block->size - MARGIN_BYTES;
    char *address = first + distance % (size_t)(end - first);
    bool is_inside = address >= block->start && address < block->start + block->size;
    bool is_beyond = block->is_guarded && address >= end_of_pages(block);
    bool is_stopped = block->state == FREED || is_beyond || (block->state == SEALED && is_write);
    if (is_write && !is_inside && !is_beyond && block->state != FREED) {
        return; /* damage, which is misuse_fuzz's */
    }
    access_it(block, address, is_write, is_stopped);
}

static void make(struct block *block, uint8_t how, uint8_t low, uint8_t high) {
    bool is_guarded = how % 4 != 0;
    size_t size = is_guarded ? (size_t)(high % 40) * 256 + low : LARGE_MIN_BYTES + (size_t)low * LARGE_UNIT;
    cn_options.guard.choice = is_guarded ? CN_GUARD_ALL : CN_GUARD_NONE;
    *block = (struct block){LIVE, is_guarded, cairn_malloc(size), size};
    cn_options.guard.choice = CN_GUARD_NONE;
    CN_EXPECT(block->start != NULL && cn_guard_covers(block->start) == is_guarded, "a block lies where options say");
    last_freed[is_guarded ? 1 : 0] = NULL;
}

static void end(struct block *block) {
    cairn_free(block->start);
    block->state = FREED;
    last_freed[block->is_guarded ? 1 : 0] = block;
}

static void seal(struct block *block) {
    memset(block->start, 's', block->size);
    CN_EXPECT(cairn_seal(block->start), "a live block can be sealed");
    block->state = SEALED;
}

static void unseal(struct block *block) {
    CN_EXPECT(cairn_unseal(block->start), "a seal that was not broken is whole");
    block->state = LIVE;
}

/* ---- pools ------------------------------------------------------------------------------------------------------- */

static bool share_a_pool(const struct block *one, const struct block *other) {
    return (uintptr_t)one->start / POOL_BYTES == (uintptr_t)other->start / POOL_BYTES;
}

static bool is_of_whole_pool(const struct block *taken, const struct block *block) {
    size_t count = 0;
    for (size_t i = 0; i < HIDDEN_BLOCKS; i++) {
        count += share_a_pool(&taken[i], block) ? 1 : 0;
    }
    return count == POOL_BLOCKS;
}

/* Takes and frees as many as fill pools: those are hidden whose blocks all are among them. */
static void hide(void) {
    struct block taken[HIDDEN_BLOCKS];
    for (size_t i = 0; i < HIDDEN_BLOCKS; i++) {
        taken[i] = (struct block){HIDDEN, false, cairn_malloc(HIDDEN_SIZE), HIDDEN_SIZE};
        CN_EXPECT(taken[i].start != NULL, "there is memory");
    }
    for (size_t i = 0; i < HIDDEN_BLOCKS; i++) {
        cairn_free(taken[i].start);
    }
    hidden_count = 0;
    for (size_t i = 0; i < HIDDEN_BLOCKS; i++) {
        if (is_of_whole_pool(taken, &taken[i])) {
            hidden[hidden_count++] = taken[i];
        }
    }
}

static void access_hidden(size_t number, bool is_write) {
    const struct block *block = &hidden[number % hidden_count];
    char *address = block->start - HEAD_BYTES + number / hidden_count % POOL_CORE_BYTES;
    access_it(block, address, is_write, is_write || !is_last_page(address));
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static void step(void) {
    enum { MAKE, MAKE_TOO, ACCESS, ACCESS_TOO, ACCESS_EDGE, FREE, SEAL, CHECK, KINDS };
    uint8_t code = cn_bytes_take(&input);
    uint8_t how = cn_bytes_take(&input);
    uint8_t low = cn_bytes_take(&input);
    uint8_t high = cn_bytes_take(&input);
    struct block *block = &blocks[how % PLACES];
    bool is_live = block->state == LIVE || block->state == SEALED;
    switch (code % KINDS) {
    case MAKE:
    case MAKE_TOO:
        if (!is_live) {
            make(block, how / PLACES, low, high);
        }
        break;
    case ACCESS:
    case ACCESS_TOO:
        access_block(block, (size_t)high << 8 | low, how >= 128);
        break;
    case ACCESS_EDGE:
        access_block(block, (size_t)PAGE_BYTES * (low % 12) + high % 2, how >= 128);
        break;
    case FREE:
        if (is_live) {
            end(block);
        }
        break;
    case SEAL:
        if (is_live && block->size != 0) {
            block->state == LIVE ? seal(block) : unseal(block);
        }
        break;
    default:
        if (how % 4 == 0 && hides < HIDES_MAX) {
            hides++;
            hide();
        } else if (how % 4 != 3 && hidden_count != 0) {
            access_hidden((size_t)high << 8 | low, how >= 128);
        } else {
            CN_EXPECT(cairn_check(), "all is as it should be");
        }
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static void set(uint8_t settings) {
    enum { AS_JSON = 1, WITH_STACKS = 2 };
    cn_options.report = (settings & AS_JSON) != 0 ? CN_REPORT_JSON : CN_REPORT_TEXT;
    cn_options.stack_depth = (settings & WITH_STACKS) != 0 ? STACK_DEPTH : 0;
    cn_debug_start();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char text[CN_OPTION_PATH_BYTES];
    (void)argc;
    (void)argv;
    (void)snprintf(text, sizeof text, "seed=1:quarantine=1G:log_path=%s", cn_said_path());
    CN_EXPECT(cn_options_parse(&cn_options, text) == 0, "the options are known");
    CN_EXPECT(cairn_set_report_callback(on_report, NULL), "the debug form takes a callback");
    cn_guard_start(CN_GUARD_AFTER);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cn_faults_begin();
    cn_fault_start();
    memset(blocks, 0, sizeof blocks);
    memset(last_freed, 0, sizeof last_freed);
    hidden_count = 0;
    hides = 0;
    input = cn_bytes_of(data, size);
    set(cn_bytes_take(&input));
    for (unsigned i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        step();
    }
    for (size_t i = 0; i < PLACES; i++) {
        if (blocks[i].state == LIVE || blocks[i].state == SEALED) {
            end(&blocks[i]);
        }
    }
    CN_EXPECT(cairn_check(), "all is as it should be");
    cn_empty_quarantine(); /* so many freed blocks can be protected at a time (debug/live.c): each input may use all of it */
    (void)cn_said_take();
    cn_faults_end();
    return 0;
}
