/*
 * stop_linux.c: stop.h on Linux, by ptrace. Beside os_linux.c the one file that makes system calls.
 */
#define _GNU_SOURCE
#include "stop.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alloc/os.h"
#include "alloc/text.h"

enum {
    THREADS_MAX = 1 << 14,
    TRACER_STACK_BYTES = 256 << 10,
    PATH_BYTES = 64,
    LISTING_BYTES = 4096,
    PATIENCE_MILLISECONDS = 3000, /* for a thread to stand still: one that waits for a device may not */
    RED_ZONE_BYTES = 128,         /* below the stack pointer, still in use by the psABI of x86-64 */
};

/* ---- which threads there are --------------------------------------------------------------------------------- */

struct directory_entry {
    uint64_t inode;
    int64_t next_offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static unsigned number_of(const char *digits) {
    unsigned number = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        number = number * 10 + (unsigned)(*digits - '0');
    }
    return number; /* 0 of the entries . and .. */
}

/* /proc/<process>/task, and what follows. */
static void make_task_path(char path[PATH_BYTES], unsigned process, unsigned thread, const char *rest) {
    struct cn_text text;
    cn_text_init(&text, CN_TEXT_NOWHERE);
    cn_text_put(&text, "/proc/");
    cn_text_put_number(&text, process);
    cn_text_put(&text, "/task");
    if (thread != 0) {
        cn_text_put_char(&text, '/');
        cn_text_put_number(&text, thread);
        cn_text_put(&text, rest);
    }
    cn_text_put_char(&text, '\0');
    memcpy(path, text.bytes, cn_min(text.length, PATH_BYTES));
}

size_t cn_stop_list_threads(unsigned process, unsigned *numbers, size_t room) {
    static _Alignas(struct directory_entry) char listing[LISTING_BYTES];
    char path[PATH_BYTES];
    size_t count = 0;
    make_task_path(path, process, 0, "");
    int fd = cn_os_open_to_read(path);
    for (long got = 1; fd >= 0 && got > 0;) {
        got = syscall(SYS_getdents64, fd, listing, sizeof listing);
        for (long at = 0; at < got;) {
            const struct directory_entry *entry = (const struct directory_entry *)(const void *)(listing + at);
            unsigned number = number_of(entry->name);
            if (number != 0 && count++ < room) {
                numbers[count - 1] = number;
            }
            at += entry->length;
        }
    }
    if (fd >= 0) {
        cn_os_close(fd);
    }
    return count;
}

/* ---- the helper ---------------------------------------------------------------------------------------------- */

/* What the two processes share; all of it lies in a mapping. */
struct tracer {
    unsigned process;
    unsigned caller; /* the thread that waits */
    cn_stop_fn *work;
    void *argument;
    struct cn_stopped stopped;
    bool is_done;
    int signals[THREADS_MAX]; /* that a thread was about to get when it stopped */
    unsigned numbers[THREADS_MAX];
    struct cn_stopped_thread threads[THREADS_MAX];
    _Alignas(16) char stack[TRACER_STACK_BYTES];
};

static void sleep_a_millisecond(void) {
    struct timespec pause = {0, 1000 * 1000};
    (void)nanosleep(&pause, NULL);
}

/* The letter of its state: `Z` of a thread that has ended and is not gone, as the main thread after pthread_exit. */
static char state_of(const struct tracer *tracer, unsigned thread) {
    char path[PATH_BYTES];
    char line[PATH_BYTES] = {0};
    make_task_path(path, tracer->process, thread, "/stat");
    int fd = cn_os_open_to_read(path);
    ptrdiff_t length = fd >= 0 ? cn_os_read(fd, line, sizeof line - 1) : 0;
    if (fd >= 0) {
        cn_os_close(fd);
    }
    const char *end = length > 0 ? strrchr(line, ')') : NULL;
    return (char)(end != NULL && end[1] == ' ' ? end[2] : 'Z');
}

static bool is_ending(char state) { return state == 'Z' || state == 'X'; }

enum outcome { STANDS_STILL, IS_GONE, GOES_ON };

/* Until the thread stands still. `*signal` is what it is to get when it is let go. */
static enum outcome wait_for(unsigned thread, int *signal) {
    for (int i = 0; i < PATIENCE_MILLISECONDS; i++) {
        int status = 0;
        pid_t got = waitpid((pid_t)thread, &status, __WALL | WNOHANG);
        if (got < 0 && errno != EINTR) {
            return IS_GONE;
        }
        if (got > 0 && WIFSTOPPED(status)) {
            *signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
            return STANDS_STILL;
        }
        if (got > 0) {
            return IS_GONE;
        }
        if (i == 0) {
            (void)sched_yield();
        } else {
            sleep_a_millisecond();
        }
    }
    return GOES_ON;
}

static enum outcome attach(const struct tracer *tracer, unsigned thread, int *signal) {
    if (ptrace(PTRACE_SEIZE, (pid_t)thread, NULL, NULL) != 0) {
        return errno == ESRCH || is_ending(state_of(tracer, thread)) ? IS_GONE : GOES_ON;
    }
    if (ptrace(PTRACE_INTERRUPT, (pid_t)thread, NULL, NULL) != 0) {
        return errno == ESRCH ? IS_GONE : GOES_ON;
    }
    return wait_for(thread, signal);
}

static size_t read_registers(unsigned thread, int set, uintptr_t *words, size_t room) {
    struct iovec place = {words, room * sizeof *words};
    bool is_read = ptrace(PTRACE_GETREGSET, (pid_t)thread, (void *)(uintptr_t)set, &place) == 0; // NOLINT
    return is_read ? place.iov_len / sizeof *words : 0;
}

static bool note_registers(struct cn_stopped_thread *thread) {
    struct user_regs_struct general = {0};
    size_t words =
        read_registers(thread->number, NT_PRSTATUS, (uintptr_t *)(void *)&general, sizeof general / sizeof(uintptr_t));
    if (words == 0) {
        return false;
    }
    memcpy(thread->registers, &general, words * sizeof(uintptr_t));
#if defined(__x86_64__)
    thread->stack_pointer = general.rsp - RED_ZONE_BYTES;
#else
    thread->stack_pointer = general.sp;
#endif
    thread->words =
        words + read_registers(thread->number, NT_PRFPREG, thread->registers + words, CN_STOP_WORDS - words);
    return true;
}

static bool is_known(const struct tracer *tracer, unsigned number) {
    for (size_t i = 0; i < tracer->stopped.count; i++) {
        if (tracer->threads[i].number == number) {
            return true;
        }
    }
    return number == tracer->caller;
}

/* False where the thread can neither be stopped nor left out of account. */
static bool stop_thread(struct tracer *tracer, unsigned number) {
    size_t index = tracer->stopped.count;
    enum outcome outcome = index < THREADS_MAX ? attach(tracer, number, &tracer->signals[index]) : GOES_ON;
    if (outcome == STANDS_STILL) {
        tracer->threads[index].number = number;
        tracer->stopped.count++;
        return note_registers(&tracer->threads[index]);
    }
    return outcome == IS_GONE;
}

/* A thread that still runs can start another: over and over, until there is none that is new. */
static bool stop_all(struct tracer *tracer) {
    for (bool is_new = true; is_new;) {
        size_t listed = cn_stop_list_threads(tracer->process, tracer->numbers, THREADS_MAX);
        size_t before = tracer->stopped.count;
        if (listed == 0 || listed > THREADS_MAX) {
            return false;
        }
        for (size_t i = 0; i < listed; i++) {
            if (!is_known(tracer, tracer->numbers[i]) && !stop_thread(tracer, tracer->numbers[i])) {
                return false;
            }
        }
        is_new = tracer->stopped.count > before;
    }
    return true;
}

static void let_go(const struct tracer *tracer) {
    for (size_t i = 0; i < tracer->stopped.count; i++) {
        uintptr_t signal = (uintptr_t)tracer->signals[i];
        (void)ptrace(PTRACE_DETACH, (pid_t)tracer->threads[i].number, NULL, (void *)signal); // NOLINT
    }
}

static int trace(void *argument) {
    struct tracer *tracer = argument;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (stop_all(tracer)) {
        tracer->work(&tracer->stopped, tracer->argument);
        tracer->is_done = true;
    }
    let_go(tracer);
    return 0;
}

/* ---- the calling thread -------------------------------------------------------------------------------------- */

/* The helper borrows this thread's thread-local storage; so this one is suspended until the helper has ended. */
static bool run_tracer(struct tracer *tracer) {
    int flags = CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where the system asks for leave; refused elsewhere */
    pid_t helper = clone(trace, tracer->stack + sizeof tracer->stack, flags, tracer);
    if (helper > 0) {
        (void)waitpid(helper, NULL, __WALL);
    }
    (void)prctl(PR_SET_PTRACER, 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return tracer->is_done;
}

/* Registers that a function must keep are on the stack above its callee's frame. */
static CN_NOINLINE uintptr_t here(void) {
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    __asm__ volatile("" : "+r"(frame) : : "memory");
    return frame;
}

CN_NOINLINE bool cn_stop_others(cn_stop_fn *work, void *argument) {
    int saved = errno;
    size_t bytes = cn_round_up(sizeof(struct tracer), cn_os_page_bytes());
    struct tracer *tracer = (struct tracer *)(void *)cn_os_map(bytes, cn_os_page_bytes());
    if (tracer == NULL) {
        return false;
    }
    __builtin_unwind_init();
    tracer->process = cn_os_process_id();
    tracer->caller = cn_os_thread_id();
    tracer->work = work;
    tracer->argument = argument;
    tracer->stopped.stack_pointer = here();
    tracer->stopped.threads = tracer->threads;
    tracer->stopped.own_memory = (const char *)tracer;
    tracer->stopped.own_bytes = bytes;
    bool is_done = run_tracer(tracer);
    cn_os_unmap(tracer, bytes);
    errno = saved;
    return is_done;
}

CN_NOINLINE void cn_stop_nobody(cn_stop_fn *work, void *argument) {
    __builtin_unwind_init();
    struct cn_stopped stopped = {.stack_pointer = here()};
    work(&stopped, argument);
    __asm__ volatile("" : : "r"(&stopped) : "memory");
}
