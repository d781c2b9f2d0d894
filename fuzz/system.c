#define _GNU_SOURCE
#include "fuzz/system.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz/expect.h"
#include "fuzz/pages.h"

enum { MAPPINGS_MAX = 4096, EARLY_MAX = 16, REFUSED_MAX = 256, REPORT_BYTES = 16 << 10 };

struct mapping {
    char *start;
    char *end;
};

static atomic_bool has_run; /* cn_system_run was called */
static atomic_bool is_running;
static _Thread_local bool is_runner; /* the thread that called cn_system_run, while it is running */
static jmp_buf end_of_run;
static char report[REPORT_BYTES];
static size_t report_length;

static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping mappings[MAPPINGS_MAX]; /* in no order */
static size_t mapping_count;

static struct mapping early[EARLY_MAX]; /* from before the first run */
static size_t early_count;

static struct mapping refused[REFUSED_MAX]; /* what was to be unmapped */
static size_t refused_count;

static unsigned planned_kinds;
static const uint8_t *plan;
static size_t plan_bits;
static size_t calls; /* of those kinds, since the plan was made */
static size_t failures;

void cn_system_plan(unsigned kinds, const uint8_t *new_plan, size_t bytes) {
    planned_kinds = kinds;
    plan = new_plan;
    plan_bits = bytes * 8;
    calls = 0;
}

static size_t address_limit;

void cn_system_limit_addresses(size_t bytes) { address_limit = bytes; }

size_t cn_system_failures(void) { return failures; }

const char *cn_system_report(void) { return report; }

/* Whether this call is one that fails; if so, errno says why. */
static bool must_fail(enum cn_system_call kind) {
    if (!is_running || (planned_kinds & kind) == 0) {
        return false;
    }
    bool fails = calls < plan_bits && (plan[calls / 8] >> calls % 8 & 1) != 0;
    calls++;
    failures += fails ? 1 : 0;
    errno = fails ? ENOMEM : errno;
    return fails;
}

/* ---- what is mapped ------------------------------------------------------------------------------------------ */

/* Also before the first run: what the allocator needs when it starts. */
static bool notes_mappings(void) { return is_running || !has_run; }

static void add_mapping(char *start, char *end) {
    if (start < end) {
        CN_EXPECT(mapping_count < MAPPINGS_MAX, "the allocator has a limited number of mappings");
        mappings[mapping_count++] = (struct mapping){start, end};
    }
}

static void note_mapping(char *start, char *end) {
    (void)pthread_mutex_lock(&mappings_lock);
    add_mapping(start, end);
    (void)pthread_mutex_unlock(&mappings_lock);
}

/* [start, end) is no longer mapped: what was left and right of it in a mapping stays. */
static void forget_mapping(char *start, char *end) {
    (void)pthread_mutex_lock(&mappings_lock);
    for (size_t i = mapping_count; i > 0; i--) {
        struct mapping had = mappings[i - 1];
        if (had.start < end && start < had.end) {
            mappings[i - 1] = mappings[--mapping_count];
            add_mapping(had.start, start);
            add_mapping(end, had.end);
        }
    }
    (void)pthread_mutex_unlock(&mappings_lock);
}

size_t cn_system_mapped_bytes(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < mapping_count; i++) {
        bytes += (size_t)(mappings[i].end - mappings[i].start);
    }
    return bytes;
}

void cn_system_each_early(void (*visit)(char *start, size_t bytes)) {
    CN_EXPECT(!has_run && mapping_count <= EARLY_MAX, "the allocator maps little when it starts");
    memcpy(early, mappings, sizeof early);
    early_count = mapping_count;
    mapping_count = 0;
    for (size_t i = 0; i < early_count; i++) {
        visit(early[i].start, (size_t)(early[i].end - early[i].start));
    }
}

static bool is_early(const char *start, size_t bytes) {
    for (size_t i = 0; i < early_count; i++) {
        if (early[i].start == start && early[i].end == start + bytes) {
            return true;
        }
    }
    return false;
}

void cn_system_unmap_rest(void) {
    while (mapping_count > 0) {
        struct mapping last = mappings[--mapping_count];
        (void)syscall(SYS_munmap, last.start, (size_t)(last.end - last.start));
    }
}

static void note_refused(char *start, char *end) {
    (void)pthread_mutex_lock(&mappings_lock);
    if (refused_count < REFUSED_MAX) {
        refused[refused_count++] = (struct mapping){start, end};
    }
    (void)pthread_mutex_unlock(&mappings_lock);
}

void cn_system_unmap_refused(void) {
    while (refused_count > 0) {
        struct mapping last = refused[--refused_count];
        forget_mapping(last.start, last.end); /* or it would be unmapped once more, whoever has the place by then */
        (void)munmap(last.start, (size_t)(last.end - last.start));
    }
}

/* ---- what is accessible -------------------------------------------------------------------------------------- */

/* Memory that mprotect has made accessible while pages are watched: an allocator that begins anew with memory that has
 * stayed accessible asks for the same again, which needs no system. */

enum { ACCESSIBLE_MAX = 64 };

static struct mapping accessible[ACCESSIBLE_MAX];
static atomic_uint accessible_count;

static bool is_known_accessible(const char *start, size_t bytes) {
    unsigned count = accessible_count;
    for (unsigned i = 0; i < count; i++) {
        if (accessible[i].start == start && accessible[i].end == start + bytes) {
            return true;
        }
    }
    return false;
}

static void note_accessible(char *start, size_t bytes) {
    (void)pthread_mutex_lock(&mappings_lock);
    unsigned count = accessible_count;
    if (is_running && cn_pages_are_watched() && count < ACCESSIBLE_MAX) {
        accessible[count] = (struct mapping){start, start + bytes};
        accessible_count = count + 1;
    }
    (void)pthread_mutex_unlock(&mappings_lock);
}

static void forget_accessible(void) { accessible_count = 0; }

/* ---- running ------------------------------------------------------------------------------------------------- */

bool cn_system_run(void (*run)(void *), void *argument) {
    report_length = 0;
    report[0] = '\0';
    has_run = true;
    is_runner = true;
    is_running = true;
    bool came_back = _setjmp(end_of_run) == 0;
    if (came_back) {
        run(argument);
    }
    is_running = false;
    is_runner = false;
    return came_back;
}

void cn_system_run_quietly(void (*run)(void *), void *argument) {
    if (!cn_system_run(run, argument)) {
        fputs(report, stderr);
        CN_EXPECT(false, "nothing is reported of a program without a bug");
    }
}

static void keep_report(const char *bytes, size_t count) {
    size_t room = sizeof report - 1 - report_length;
    size_t kept = count < room ? count : room;
    memcpy(report + report_length, bytes, kept);
    report_length += kept;
    report[report_length] = '\0';
}

/* AddressSanitizer's own memory may have been where a new mapping is; its own mmap would have seen to that. */
extern __attribute__((weak)) void __asan_unpoison_memory_region(void const volatile *start, size_t bytes);

/* ---- the C library's functions ------------------------------------------------------------------------------- */

/* A move that failed may have left nothing at all where it should have gone. */
static atomic_bool is_torn;

/* New memory in place of such that is there: the pages of watched memory stay. */
static bool keep_pages(void *memory, size_t bytes, int flags) {
    return is_running && !is_torn && (flags & MAP_FIXED) != 0 && cn_pages_zero(memory, bytes);
}

void *mmap(void *wanted, size_t bytes, int protection, int flags, int fd, off_t offset) {
    if (must_fail(CN_SYSTEM_MAP)) {
        return MAP_FAILED;
    }
    if (keep_pages(wanted, bytes, flags)) {
        return wanted;
    }
    if ((flags & MAP_FIXED) != 0) {
        forget_accessible();
        is_torn = false;
    }
    void *memory = (void *)syscall(SYS_mmap, wanted, bytes, protection, flags, fd, offset); // NOLINT: its result
    if (memory != MAP_FAILED && protection != PROT_NONE && __asan_unpoison_memory_region != NULL) {
        __asan_unpoison_memory_region(memory, bytes);
    }
    if (notes_mappings() && memory != MAP_FAILED) {
        if ((flags & (MAP_FIXED | MAP_ANONYMOUS)) == MAP_ANONYMOUS) { /* files hold what compilers count */
            note_mapping(memory, (char *)memory + bytes);
        }
        cn_pages_forget(memory, bytes);
    }
    return memory;
}

int munmap(void *memory, size_t bytes) {
    if (must_fail(CN_SYSTEM_UNMAP)) {
        note_refused(memory, (char *)memory + bytes);
        return -1;
    }
    if (is_early(memory, bytes)) {
        return 0; /* nothing else is to lie there when it is put back */
    }
    forget_accessible();
    if (notes_mappings()) {
        forget_mapping(memory, (char *)memory + bytes);
    }
    return (int)syscall(SYS_munmap, memory, bytes);
}

int mprotect(void *memory, size_t bytes, int protection) {
    if (must_fail(CN_SYSTEM_PROTECT)) {
        return -1;
    }
    if (protection != (PROT_READ | PROT_WRITE)) {
        forget_accessible();
    } else if (is_known_accessible(memory, bytes)) {
        return 0;
    }
    int result = (int)syscall(SYS_mprotect, memory, bytes, protection);
    if (result == 0 && protection == (PROT_READ | PROT_WRITE)) {
        note_accessible(memory, bytes);
    }
    return result;
}

int madvise(void *memory, size_t bytes, int advice) {
    if (must_fail(CN_SYSTEM_ADVISE)) {
        return -1;
    }
    if (is_running && advice == MADV_DONTNEED && cn_pages_zero(memory, bytes)) {
        return 0;
    }
    if (advice == MADV_DODUMP && is_known_accessible(memory, bytes)) {
        return 0; /* which was made so together with that */
    }
    return (int)syscall(SYS_madvise, memory, bytes, advice);
}

int mincore(void *memory, size_t bytes, unsigned char *states) {
    if (is_running && cn_pages_list(memory, bytes, states)) {
        return 0;
    }
    return (int)syscall(SYS_mincore, memory, bytes, states);
}

static void *wanted_place(int flags, va_list rest) { return (flags & MREMAP_FIXED) != 0 ? va_arg(rest, void *) : NULL; }

void *mremap(void *memory, size_t old_bytes, size_t new_bytes, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    void *place = wanted_place(flags, rest);
    va_end(rest);
    if (must_fail(CN_SYSTEM_REMAP)) {
        if (place != NULL) { /* not unmapped: what the fuzzer itself maps would lie there when it is put back */
            int flags_there = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
            (void)syscall(SYS_mmap, place, new_bytes, PROT_NONE, flags_there, -1, 0);
            forget_accessible();
        }
        errno = ENOMEM;
        is_torn = place != NULL;
        return MAP_FAILED;
    }
    forget_accessible();
    void *moved = (void *)syscall(SYS_mremap, memory, old_bytes, new_bytes, flags, place); // NOLINT: its result
    if (notes_mappings() && moved != MAP_FAILED) {
        if ((flags & MREMAP_DONTUNMAP) == 0) {
            forget_mapping(memory, (char *)memory + old_bytes);
            cn_pages_forget(memory, old_bytes);
        }
        if (place == NULL) {
            note_mapping(moved, (char *)moved + new_bytes);
        }
    }
    if (moved != MAP_FAILED && place == NULL && __asan_unpoison_memory_region != NULL) {
        __asan_unpoison_memory_region(moved, new_bytes);
    }
    is_torn = moved == MAP_FAILED && place != NULL;
    return moved;
}

/* ThreadSanitizer calls it before it has begun. */
#if defined(__clang__)
#define BEFORE_SANITIZERS __attribute__((disable_sanitizer_instrumentation))
#else
#define BEFORE_SANITIZERS
#endif

BEFORE_SANITIZERS int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) {
    if (is_running && address_limit != 0 && resource == RLIMIT_AS) {
        *limit = (struct rlimit){address_limit, address_limit};
        return 0;
    }
    return (int)syscall(SYS_prlimit64, 0, resource, NULL, limit);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (is_runner && fd == STDERR_FILENO) {
        keep_report(bytes, count);
        return (ssize_t)count;
    }
    return syscall(SYS_write, fd, bytes, count);
}

int raise(int number) {
    if (is_runner && number == SIGABRT) {
        _longjmp(end_of_run, 1);
    }
    return (int)syscall(SYS_tgkill, getpid(), gettid(), number);
}
