/*
 * leaks_fuzz.c: the search for leaks against a search of the harness's own. The input builds a graph of blocks that
 * point to each other, and memory outside of them that points to some; what the debug form says is lost must be just
 * what cannot be reached, in the groups and the order, and with the words, that it promises.
 *
 *   byte 0     how it searches: enum setting
 *   byte 1     the sites whose leaks are suppressed, a bit each
 *   the rest   four bytes a step: what it does, and what with
 *
 * AddressSanitizer's shadow memory would be searched too, all of its terabytes: with it, nothing is.
 *
 * Nothing else may point to a block: the graph keeps addresses changed, and what calls leave on the stack is
 * overwritten.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc/cairn.h"
#include "alloc/guard.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "debug/symbol.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"
#include "fuzz/leaks_due.h"
#include "fuzz/said.h"
#include "fuzz/system.h"

/* Without a freed fill freed blocks keep their pointers, which must count for nothing. */
enum setting { WITH_STACKS = 1, AS_JSON = 2, WITH_SUPPRESSIONS = 4, WITH_OTHER_THREAD = 8, WITHOUT_FREED_FILL = 16 };

enum { STEPS_MAX = 200, SEARCHES_MAX = 4, STACK_DEPTH = 4, PAGE_BYTES = 4096 };

static struct cn_graph graph;
static struct cn_leaks_setting setting;
static struct cn_bytes input;
static struct cairn_heap *heap;

/* ---- memory outside of blocks -------------------------------------------------------------------------------- */

static volatile uintptr_t global_words[CN_PLACE_WORDS];
static _Thread_local volatile uintptr_t local_words[CN_PLACE_WORDS];

static struct {
    pthread_t thread;
    sem_t is_there;
    sem_t may_end;
} other;

static void *be_other(void *argument) {
    volatile uintptr_t stack_words[CN_PLACE_WORDS] = {0};
    (void)argument;
    graph.places[CN_PLACE_OTHER_STACK] = stack_words;
    graph.places[CN_PLACE_OTHER_THREAD_LOCAL] = local_words;
    (void)sem_post(&other.is_there);
    while (sem_wait(&other.may_end) != 0) {
    }
    graph.places[CN_PLACE_OTHER_STACK] = NULL;
    graph.places[CN_PLACE_OTHER_THREAD_LOCAL] = NULL;
    return NULL;
}

static void start_other(void) {
    CN_EXPECT(sem_init(&other.is_there, 0, 0) == 0 && sem_init(&other.may_end, 0, 0) == 0 &&
                  pthread_create(&other.thread, NULL, be_other, NULL) == 0,
              "a thread can be made");
    while (sem_wait(&other.is_there) != 0) {
    }
}

static void end_other(void) {
    (void)sem_post(&other.may_end);
    (void)pthread_join(other.thread, NULL);
}

static volatile uintptr_t *map(int flags, int file) {
    void *memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, flags, file, 0);
    CN_EXPECT(memory != MAP_FAILED, "memory can be mapped");
    return memory;
}

static void make_places(void) {
    FILE *file = tmpfile();
    CN_EXPECT(file != NULL && ftruncate(fileno(file), PAGE_BYTES) == 0, "a file can be made");
    graph.places[CN_PLACE_GLOBAL] = global_words;
    graph.places[CN_PLACE_THREAD_LOCAL] = local_words;
    graph.places[CN_PLACE_MAPPED] = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    graph.places[CN_PLACE_READ_ONLY] = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    graph.places[CN_PLACE_SHARED_FILE] = map(MAP_SHARED, fileno(file));
    graph.places[CN_PLACE_C_LIBRARY] = calloc(CN_PLACE_WORDS, sizeof(uintptr_t));
    CN_EXPECT(graph.places[CN_PLACE_C_LIBRARY] != NULL, "there is memory");
}

static void set_read_only(int protection) {
    void *page = (void *)(uintptr_t)graph.places[CN_PLACE_READ_ONLY]; // NOLINT: not volatile
    CN_EXPECT(mprotect(page, PAGE_BYTES, protection) == 0, "memory can be protected");
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* Functions of their own, in each of which there is one call, and which is not its last deed: so it stands in the
 * stacks of its blocks. */
#define SITE(number, call)                                                                                             \
    CN_UNWATCHED static void *allocate_##number(size_t size) {                                                         \
        void *block = call;                                                                                            \
        __asm__ volatile("" : : "i"(number) : "memory");                                                               \
        return block;                                                                                                  \
    }
SITE(0, cairn_calloc(1, size))
SITE(1, cairn_calloc(1, size))
SITE(2, cairn_calloc(1, size))
SITE(3, cairn_heap_calloc(heap, 1, size))
SITE(4, cairn_heap_calloc(heap, 1, size))
SITE(5, cairn_heap_calloc(heap, 1, size))

static void *allocate(unsigned site, size_t size) {
    static void *(*const sites[CN_GRAPH_SITES])(size_t size) = {allocate_0, allocate_1, allocate_2,
                                                                allocate_3, allocate_4, allocate_5};
    void *block = sites[site](size);
    __asm__ volatile("" : : : "memory");
    return block;
}

static size_t size_of(uint8_t byte) {
    enum { SMALL_END = 200, MIDDLE_END = 245, MIDDLE_UNIT = 256, LARGE_BYTES = 70000, LARGE_UNIT = 50000 };
    if (byte < SMALL_END) {
        return byte;
    }
    return byte < MIDDLE_END ? (size_t)(byte - SMALL_END + 1) * MIDDLE_UNIT
                             : LARGE_BYTES + (size_t)(byte - MIDDLE_END) * LARGE_UNIT;
}

static void take_away(size_t node) {
    void *block = cn_graph_take(&graph, node);
    cairn_free(block);
}

static void make(size_t node, uint8_t how, uint8_t size) {
    enum { GUARDED = 0x80 };
    unsigned site = how % CN_GRAPH_SITES;
    take_away(node);
    cn_options.guard.choice = (how & GUARDED) != 0 ? CN_GUARD_ALL : CN_GUARD_NONE;
    void *block = allocate(site, size_of(size));
    cn_options.guard.choice = CN_GUARD_NONE;
    CN_EXPECT(block != NULL, "there is memory");
    cn_graph_add(&graph, node, block, size_of(size), site);
}

/* ---- searching ----------------------------------------------------------------------------------------------- */

/* Overwrites what calls have left below the caller's frame, and in registers. */
CN_UNWATCHED static void forget(void) {
    enum { FRAME_BYTES = 64 << 10 };
    char frame[FRAME_BYTES];
    void *volatile start = frame;
    memset(start, 0, sizeof frame);
    __asm__ volatile("" : : : "memory", "rbx", "r12", "r13", "r14", "r15");
}

static size_t found;
static uint8_t plan;

static void look(void *argument) {
    (void)argument;
    found = cairn_leaks();
}

CN_UNWATCHED static void look_for_leaks(void) {
    cn_system_plan(CN_SYSTEM_MAP, &plan, sizeof plan);
    CN_EXPECT(cn_system_run(look, NULL), "a search for leaks comes to its end");
    cn_system_plan(0, NULL, 0);
}

/* Where the search got no memory it finds nothing, and says so. */
static bool has_given_up(void) {
    static const char warning[] =
        "the search for leaks had no memory, or could not read what the process has mapped: nothing is reported\n";
    return strstr(cn_system_report(), warning) != NULL;
}

#if defined(__has_feature)
enum { HAS_SHADOW = __has_feature(address_sanitizer) };
#elif defined(__SANITIZE_ADDRESS__)
enum { HAS_SHADOW = 1 };
#else
enum { HAS_SHADOW = 0 };
#endif

static void search(uint8_t failing) {
    size_t failures = cn_system_failures();
    if (HAS_SHADOW) {
        return;
    }
    plan = failing;
    cn_graph_search(&graph);
    forget();
    look_for_leaks();
    const char *said = cn_said_take();
    if (has_given_up()) {
        CN_EXPECT(cn_system_failures() > failures && found == 0 && *said == '\0',
                  "a search that is given up has no result");
        return;
    }
    if (strstr(cn_system_report(), "cannot read the file that leaks_suppressions names") != NULL) {
        CN_EXPECT(cn_system_failures() > failures, "suppressions are read where there is memory");
        return;
    }
    if (found != cn_leaks_due(&graph, &setting)) {
        fprintf(stderr, "%zu blocks are due, and %zu were found:\n%s", cn_leaks_due(&graph, &setting), found, said);
    }
    CN_EXPECT(found == cn_leaks_due(&graph, &setting), "what cannot be reached is lost, and nothing else is");
    cn_leaks_expect_said(&graph, &setting, said);
}

static FILE *suppressions;

/* One line for each site, in the ways that such lines can be written, and some that fit no name, if only just. */
static void write_suppressions(uint8_t sites) {
    static const char *const lines[CN_GRAPH_SITES] = {"leak:allocate_0\n",   "^allocate_1$\n",     "leak:^allo*_2\n",
                                                      "  leak:locate_3  \n", "leak:^*cat*_4$\r\n", "ate_5"};
    rewind(suppressions);
    (void)fputs("# a comment\n\nleak:no such name\nleak:^llocate_\nallocate_$\n^*locate_?\n", suppressions);
    for (unsigned i = 0; i < CN_GRAPH_SITES; i++) {
        (void)fputs((sites >> i & 1) != 0 ? lines[i] : "", suppressions);
    }
    CN_EXPECT(fflush(suppressions) == 0 && ftruncate(fileno(suppressions), ftell(suppressions)) == 0,
              "a file can be written");
}

static int freed_fill; /* by default */

static void set(uint8_t settings, uint8_t sites) {
    bool is_suppressing = (settings & WITH_SUPPRESSIONS) != 0;
    setting.has_stacks = (settings & WITH_STACKS) != 0;
    setting.is_json = (settings & AS_JSON) != 0;
    setting.suppressed = is_suppressing ? sites : 0;
    cn_options.report = setting.is_json ? CN_REPORT_JSON : CN_REPORT_TEXT;
    cn_options.stack_depth = setting.has_stacks ? STACK_DEPTH : 0;
    cn_options.fill_freed = (settings & WITHOUT_FREED_FILL) != 0 ? CN_OPTION_FILL_OFF : freed_fill;
    cn_options.leaks_suppressions[0] = '\0';
    if (is_suppressing) {
        (void)snprintf(cn_options.leaks_suppressions, sizeof cn_options.leaks_suppressions, "/proc/self/fd/%d",
                       fileno(suppressions));
        write_suppressions(sites);
    }
    cn_debug_start();
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

enum { MANY_FAIL = 128 };

/* Of LINK and ROOT the nodes are of those that are there, so that chains come about; of the other two any, there or
 * not. */
enum step { MAKE, MAKE_TOO, LINK, LINK_ANY, ROOT, ROOT_ANY, FREE, SEARCH, STEP_KINDS };

/* What fails in the next search. */
static uint8_t next_failing;

/* False where it was a search. */
static bool step(void) {
    enum step kind = (enum step)(cn_bytes_take(&input) % STEP_KINDS);
    uint8_t first = cn_bytes_take(&input);
    uint8_t second = cn_bytes_take(&input);
    uint8_t third = cn_bytes_take(&input);
    size_t node = first % CN_GRAPH_NODES;
    size_t to = third % CN_GRAPH_NODES;
    enum cn_graph_pointer pointer = (enum cn_graph_pointer)(second / CN_GRAPH_WORDS % CN_POINTER_KINDS);
    switch (kind) {
    case MAKE:
    case MAKE_TOO:
        make(node, second, third);
        break;
    case LINK:
        cn_graph_link(&graph, cn_graph_pick(&graph, first), second % CN_GRAPH_WORDS, cn_graph_pick(&graph, third),
                      pointer);
        break;
    case LINK_ANY:
        cn_graph_link(&graph, node, second % CN_GRAPH_WORDS, to, pointer);
        break;
    case ROOT:
    case ROOT_ANY:
        to = kind == ROOT ? cn_graph_pick(&graph, third) : to;
        cn_graph_root(&graph, (enum cn_graph_place)(first % CN_GRAPH_PLACES), first / CN_GRAPH_PLACES % CN_PLACE_WORDS,
                      to, pointer);
        break;
    case FREE:
        take_away(node);
        break;
    default:
        next_failing = first >= MANY_FAIL ? second : 0;
        return false;
    }
    return true;
}

/* Steps up to the next search, or the end. False where no search is asked for any more. */
CN_UNWATCHED static bool run_to_search(void) {
    for (unsigned i = 0; i < STEPS_MAX && cn_bytes_are_left(&input); i++) {
        if (!step()) {
            return true;
        }
    }
    return false;
}

CN_UNWATCHED static void free_all(void) {
    for (size_t node = 0; node < CN_GRAPH_NODES; node++) {
        take_away(node);
    }
    cairn_heap_destroy(heap);
}

static void run(void) {
    bool is_more = true;
    heap = cairn_heap_create("leaks", NULL);
    for (unsigned i = 0; i < SEARCHES_MAX && is_more; i++) {
        next_failing = 0;
        is_more = run_to_search();
        set_read_only(PROT_READ);
        search(next_failing);
        set_read_only(PROT_READ | PROT_WRITE);
    }
    free_all();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static const char options[] = "seed=1:quarantine=64K:log_path=";
    char text[CN_OPTION_PATH_BYTES];
    (void)argc;
    (void)argv;
    (void)snprintf(text, sizeof text, "%s%s", options, cn_said_path());
    CN_EXPECT(cn_options_parse(&cn_options, text) == 0, "the options are known");
    freed_fill = cn_options.fill_freed;
    suppressions = tmpfile();
    CN_EXPECT(suppressions != NULL, "a file can be made");
    struct cn_symbol symbol;
    setting.has_names = cn_symbol_find((uintptr_t)LLVMFuzzerTestOneInput, &symbol);
    cn_guard_start(CN_GUARD_AFTER);
    make_places();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    volatile uintptr_t stack_words[CN_PLACE_WORDS] = {0};
    input = cn_bytes_of(data, size);
    uint8_t settings = cn_bytes_take(&input);
    uint8_t sites = cn_bytes_take(&input);
    set(settings, sites);
    graph.places[CN_PLACE_STACK] = stack_words;
    if ((settings & WITH_OTHER_THREAD) != 0) {
        start_other();
    }
    cn_graph_clear(&graph);
    run();
    if ((settings & WITH_OTHER_THREAD) != 0) {
        end_other();
    }
    forget(); /* what follows has frames there */
    return 0;
}
