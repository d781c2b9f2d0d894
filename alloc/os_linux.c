/*
 * os_linux.c: os.h on Linux.
 *
 * Reserved memory is PROT_NONE and private: such mappings are not charged against the overcommit limit until mprotect
 * makes them writable, so that committing fails exactly where an mmap of the same size would.
 */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bits.h"
#include "machine.h"
#include "os_watch.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Whether the reservation is mapped; else its addresses are only chosen. Written once, by cn_os_reserve. */
static bool reservation_is_held;

/* How far below an existing mapping unheld addresses are chosen: the kernel hands addresses out downwards from there,
 * and no limit of address space that is worth obeying reaches so far. */
#define UNHELD_DISTANCE_BYTES ((size_t)8 << 40)

size_t cn_os_page_bytes(void) {
    static _Atomic size_t known;
    size_t bytes = atomic_load_explicit(&known, memory_order_relaxed);
    if (bytes == 0) {
        bytes = (size_t)getauxval(AT_PAGESZ);
        atomic_store_explicit(&known, bytes, memory_order_relaxed);
    }
    return bytes;
}

size_t cn_os_physical_bytes(void) {
    struct sysinfo info;
    int saved = errno;
    size_t bytes = sysinfo(&info) == 0 ? (size_t)info.totalram * info.mem_unit : (size_t)1 << 30;
    errno = saved;
    return bytes;
}

static char *map_at(void *address, size_t bytes, int protection, int flags) {
    int saved = errno;
    void *memory = mmap(address, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    errno = saved;
    return memory == MAP_FAILED ? NULL : memory;
}

/* `bytes` at a multiple of `alignment`: what a larger mapping has too much at its ends goes back. */
static char *map_aligned(size_t bytes, size_t alignment, int protection) {
    if (alignment <= cn_os_page_bytes()) {
        return map_at(NULL, bytes, protection, 0);
    }
    if (bytes > PTRDIFF_MAX - alignment) {
        return NULL;
    }
    char *memory = map_at(NULL, bytes + alignment, protection, 0);
    if (memory == NULL) {
        return NULL;
    }
    size_t before = (alignment - ((uintptr_t)memory & (alignment - 1))) & (alignment - 1);
    if (before != 0) {
        cn_os_unmap(memory, before);
    }
    cn_os_unmap(memory + before + bytes, alignment - before);
    return memory + before;
}

size_t cn_os_address_space_bytes(void) {
    struct rlimit limit;
    int saved = errno;
    bool is_limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    errno = saved;
    return is_limited ? (size_t)limit.rlim_cur : SIZE_MAX;
}

size_t cn_os_mapping_limit(void) {
    enum { USUAL_LIMIT = 65530 };
    char text[32] = "";
    int fd = cn_os_open_to_read("/proc/sys/vm/max_map_count");
    ptrdiff_t length = fd >= 0 ? cn_os_read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        cn_os_close(fd);
    }
    size_t limit = 0; /* it can be too early for the C library's own way */
    for (const char *digit = text; digit < text + length && *digit >= '0' && *digit <= '9'; digit++) {
        limit = limit * 10 + (size_t)(*digit - '0');
    }
    return limit != 0 ? limit : USUAL_LIMIT;
}

/* Addresses that nothing is mapped at as far as one can tell: far below where the kernel maps next. */
static char *choose_unheld(size_t bytes, size_t alignment) {
    char *probe = map_at(NULL, cn_os_page_bytes(), PROT_NONE, 0);
    if (probe == NULL) {
        return NULL;
    }
    cn_os_unmap(probe, cn_os_page_bytes());
    uintptr_t top = (uintptr_t)probe;
    if (top < UNHELD_DISTANCE_BYTES + bytes + alignment) {
        return NULL;
    }
    return (char *)((top - UNHELD_DISTANCE_BYTES - bytes) & ~(alignment - 1));
}

/* Whether the memory is written to a core file: what was never accessible is not, since it can be hundreds of GiB.
 * Where the system cannot say so, core files are larger. */
static void set_dumped(void *memory, size_t bytes, int advice) {
    int saved = errno;
    (void)madvise(memory, bytes, advice);
    errno = saved;
}

static char *leave_out_of_dumps(char *memory, size_t bytes) {
    if (memory != NULL) {
        set_dumped(memory, bytes, MADV_DONTDUMP);
    }
    return memory;
}

char *cn_os_reserve(size_t bytes, size_t alignment) {
    reservation_is_held = cn_os_address_space_bytes() == SIZE_MAX;
    return reservation_is_held ? leave_out_of_dumps(map_aligned(bytes, alignment, PROT_NONE), bytes)
                               : choose_unheld(bytes, alignment);
}

bool cn_os_commit(void *memory, size_t bytes) {
    if (!reservation_is_held) {
        char *got = map_at(memory, bytes, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE);
        if (got != NULL && got != memory) { /* a kernel older than the flag took the address for a hint */
            cn_os_unmap(got, bytes);
        }
        return got == memory;
    }
    int saved = errno;
    bool done = mprotect(memory, bytes, PROT_READ | PROT_WRITE) == 0;
    errno = saved;
    if (done) {
        set_dumped(memory, bytes, MADV_DODUMP);
    }
    return done;
}

bool cn_os_decommit(void *memory, size_t bytes) {
    if (!reservation_is_held) {
        int saved = errno;
        bool done = munmap(memory, bytes) == 0;
        errno = saved;
        return done;
    }
    return leave_out_of_dumps(map_at(memory, bytes, PROT_NONE, MAP_FIXED), bytes) != NULL;
}

bool cn_os_purge(void *memory, size_t bytes) {
    int saved = errno;
    bool done = madvise(memory, bytes, MADV_DONTNEED) == 0;
    errno = saved;
    return done;
}

/* By way of a place that the system chooses: straight to `to` it might move some of the pages and then refuse, where the
 * source is more than one mapping, or unmap the target before it refuses, and another thread's mapping come to lie
 * there. What the first step moves is one mapping, or nothing. */
enum cn_move cn_os_move(void *from, size_t bytes, void *to, size_t to_bytes) {
    int saved = errno;
    void *between = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL); /* read here, too */
    bool has_left = between != MAP_FAILED;
    bool is_done = has_left && mremap(between, bytes, to_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
    errno = saved;
    if (is_done || !has_left) {
        return is_done ? CN_MOVE_DONE : CN_MOVE_REFUSED;
    }
    bool is_there = cn_os_renew(to, to_bytes); /* the system may have unmapped it before it refused */
    memcpy(from, between, bytes);
    cn_os_unmap(between, bytes);
    return is_there ? CN_MOVE_REFUSED : CN_MOVE_LOST;
}

bool cn_os_renew(void *memory, size_t bytes) {
    return map_at(memory, bytes, PROT_READ | PROT_WRITE, MAP_FIXED) != NULL;
}

char *cn_os_map(size_t bytes, size_t alignment) { return map_aligned(bytes, alignment, PROT_READ | PROT_WRITE); }

void cn_os_unmap(void *memory, size_t bytes) {
    int saved = errno;
    if (munmap(memory, bytes) != 0) { /* splitting a mapping can fail when the map table is full */
        (void)madvise(memory, bytes, MADV_DONTNEED);
    }
    errno = saved;
}

bool cn_os_protect(void *memory, size_t bytes, enum cn_access_right right) {
    static const int protections[] = {
        [CN_RIGHT_NONE] = PROT_NONE, [CN_RIGHT_READ] = PROT_READ, [CN_RIGHT_WRITE] = PROT_READ | PROT_WRITE};
    int saved = errno;
    bool done = mprotect(memory, bytes, protections[right]) == 0;
    errno = saved;
    if (done && right == CN_RIGHT_WRITE) {
        set_dumped(memory, bytes, MADV_DODUMP);
    }
    return done;
}

char *cn_os_hold(size_t bytes) { return leave_out_of_dumps(map_at(NULL, bytes, PROT_NONE, 0), bytes); }

/* A fresh mapping, and not mprotect: so it becomes one with its neighbours. */
bool cn_os_withhold(void *memory, size_t bytes) {
    return leave_out_of_dumps(map_at(memory, bytes, PROT_NONE, MAP_FIXED), bytes) != NULL;
}

bool cn_os_resize(void *memory, size_t old_bytes, size_t new_bytes) {
    int saved = errno;
    bool done = mremap(memory, old_bytes, new_bytes, 0) == memory;
    errno = saved;
    return done;
}

enum { PAGES_A_CALL = 1024 };

static size_t resident_pages(const char *start, size_t pages) {
    unsigned char states[PAGES_A_CALL];
    size_t resident = 0;
    int saved = errno;
    bool is_known = mincore((void *)(uintptr_t)start, pages * cn_os_page_bytes(), states) == 0;
    errno = saved;
    for (size_t i = 0; is_known && i < pages; i++) {
        resident += states[i] & 1;
    }
    return is_known ? resident : pages;
}

size_t cn_os_resident_bytes(const void *memory, size_t bytes) {
    size_t page_bytes = cn_os_page_bytes();
    size_t resident = 0;
    for (size_t at = 0; at < bytes; at += PAGES_A_CALL * page_bytes) {
        size_t pages = cn_min((bytes - at) / page_bytes, PAGES_A_CALL);
        resident += resident_pages((const char *)memory + at, pages);
    }
    return resident * page_bytes;
}

/* The system reads the set before it sees that there is no such way to change the mask by it; but not one at NULL. A
 * tool would take it for a mistake. */
bool cn_os_is_readable(const void *address) {
    enum { NO_WAY = -1, SET_BYTES = 8 };
    if (address == NULL) {
        return false;
    }
    if (cn_watch_is_on()) {
        uint64_t word;
        return cn_os_peek(address, &word, sizeof word) == sizeof word;
    }
    return cn_machine_call(SYS_rt_sigprocmask, (uintptr_t)NO_WAY, (uintptr_t)address, 0, SET_BYTES) != -EFAULT;
}

/* Where process_vm_readv is forbidden, as under some filters of system calls, the file serves. A thread could be cancelled
 * in pread. */
static ssize_t peek_through_file(uintptr_t from, void *to, size_t bytes) {
    int fd = cn_os_open_to_read("/proc/self/mem");
    if (fd < 0) {
        return -1;
    }
    ssize_t got = cn_machine_call(SYS_pread64, (uintptr_t)fd, (uintptr_t)to, bytes, from);
    cn_os_close(fd);
    return got;
}

/* `from` is a number: any address may be asked for, NULL too. */
static size_t peek_once(uintptr_t from, char *to, size_t bytes) {
    struct iovec local = {to, bytes};
    struct iovec remote = {(void *)from, bytes};
    ssize_t got = process_vm_readv((pid_t)cn_os_process_id(), &local, 1, &remote, 1, 0);
    if (got < 0 && errno != EFAULT) {
        got = peek_through_file(from, to, bytes);
    }
    return got > 0 ? (size_t)got : 0;
}

size_t cn_os_peek(const void *from, void *to, size_t bytes) {
    int saved = errno;
    size_t done = 0;
    size_t got = 1;
    while (done < bytes && got > 0) {
        uintptr_t at = (uintptr_t)from + done;
        got = peek_once(at, (char *)to + done, bytes - done);
        if (got == 0) { /* all or nothing, it may be: then up to the page's end */
            size_t page = cn_os_page_bytes();
            got = peek_once(at, (char *)to + done, cn_min(bytes - done, page - at % page));
        }
        done += got;
    }
    errno = saved;
    return done;
}

uint64_t cn_os_milliseconds(void) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned cn_os_thread_id(void) { return (unsigned)cn_machine_call(SYS_gettid, 0, 0, 0, 0); }

unsigned cn_os_process_id(void) { return (unsigned)cn_machine_call(SYS_getpid, 0, 0, 0, 0); }

uint64_t cn_os_random(void) {
    const void *bytes = (const void *)getauxval(AT_RANDOM); // NOLINT: the kernel's word for where they are
    uint64_t random = cn_os_process_id();
    if (bytes != NULL) {
        memcpy(&random, bytes, sizeof random);
    }
    return random;
}

bool cn_os_is_privileged(void) { return getauxval(AT_SECURE) != 0; }

void cn_os_yield(void) { (void)sched_yield(); }

void cn_os_wait(const void *word, uint32_t value) {
    (void)cn_machine_call(SYS_futex, (uintptr_t)word, FUTEX_WAIT_PRIVATE, value, 0);
}

void cn_os_wake(const void *word) { (void)cn_machine_call(SYS_futex, (uintptr_t)word, FUTEX_WAKE_PRIVATE, 1, 0); }

void cn_os_handle_signal(int number, void (*handler)(int number)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    int saved = errno;
    (void)sigaction(number, &action, NULL);
    errno = saved;
}

void cn_os_trap(void) { (void)raise(SIGTRAP); }

static _Thread_local bool abort_was_raised CN_TLS;

bool cn_os_is_aborting(void) {
    sigset_t blocked;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return abort_was_raised && sigismember(&blocked, SIGABRT) == 1;
}

static void raise_abort(void) {
    sigset_t abort_alone;
    (void)sigemptyset(&abort_alone);
    (void)sigaddset(&abort_alone, SIGABRT);
    (void)pthread_sigmask(SIG_UNBLOCK, &abort_alone, NULL);
    abort_was_raised = true;
    (void)raise(SIGABRT);
}

void cn_os_abort(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (!cn_os_is_aborting()) {
        raise_abort();
    }
    (void)sigaction(SIGABRT, &action, NULL); /* a handler that returns does not save the process */
    raise_abort();
    _exit(127);
}
