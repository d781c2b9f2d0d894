#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "alloc/cairn.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/panic.h"
#include "alloc/path.h"
#include "duty.h"
#include "hash.h"
#include "own_lock.h"
#include "page.h"
#include "self.h"
#include "sentence.h"

enum { STANDARD_ERROR = 2, TOLD_SETS = 1024, TOLD_WAYS = 8 };

static struct cn_own_lock lock;
static int cancel_state;               /* of the thread that has the lock, before */
static _Atomic unsigned ending_thread; /* which is about to end the process; 0: none */

/* Written by cn_report_set_callback, under the lock. */
static cairn_report_fn *callback;
static void *callback_argument;

/* Of the report at hand, under the lock; they would be much for the stack of a signal handler. */
static struct cn_page page;
static struct cn_text out;

/* Hashes of damage that was reported, each in its set; there a later one takes the place of the oldest. */
static struct {
    _Atomic uint64_t hashes[TOLD_WAYS];
    _Atomic unsigned next;
} told[TOLD_SETS];

/* ---- one at a time ------------------------------------------------------------------------------------------- */

/* Until the thread that ends the process has done so: one report is enough. If it does not, since a handler of SIGABRT has
 * jumped out of it, the others go on. */
static void wait_for_end(void) {
    enum { TRIES = 200, NANOSECONDS = 10 * 1000 * 1000 };
    unsigned self = cn_os_thread_id();
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned thread = atomic_load(&ending_thread);
        if (thread == 0 || thread == self) {
            break;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = NANOSECONDS}, NULL);
    }
    atomic_store(&ending_thread, 0);
}

/* A thread must not be cancelled while it prints, as it may be where libbacktrace reads files, or while it sleeps: free and
 * realloc are no points of cancellation. */
bool cn_report_begin(void) {
    int state;
    if (!cn_own_lock_take(&lock)) {
        return false;
    }
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    cancel_state = state;
    wait_for_end();
    return true;
}

void cn_report_end(void) {
    int state = cancel_state;
    cn_own_lock_give(&lock);
    (void)pthread_setcancelstate(state, &state);
}

bool cn_report_is_mine(void) { return cn_own_lock_is_mine(&lock); }

void cn_report_after_fork(void) {
    cn_own_lock_renew(&lock);
    atomic_store(&ending_thread, 0);
}

/* ---- where it goes ------------------------------------------------------------------------------------------- */

int cn_report_open(void) {
    char path[CN_OPTION_PATH_BYTES];
    if (cn_options.log_path[0] == '\0') {
        return STANDARD_ERROR;
    }
    int fd = cn_path_expand(cn_options.log_path, path, sizeof path) ? cn_os_open_to_append(path) : -1;
    if (fd >= 0 && fd <= STANDARD_ERROR) { /* the program has closed these, and means them to be its own */
        int log = cn_os_duplicate(fd);
        if (log != fd) {
            cn_os_close(fd);
        }
        fd = log;
    }
    if (fd < 0) {
        cn_warn("cannot write the file that log_path names", cn_options.log_path, strlen(cn_options.log_path));
    }
    return fd >= 0 ? fd : STANDARD_ERROR;
}

void cn_report_close(int fd) {
    if (fd != STANDARD_ERROR) {
        cn_os_close(fd);
    }
}

static void print(void) {
    int fd = cn_report_open();
    if (!cn_os_is_open(fd)) {
        return; /* names of functions cost time, and nobody would read them */
    }
    cn_text_init(&out, fd);
    if (cn_options.report == CN_REPORT_JSON) {
        cn_page_put_json(&out, &page);
    } else {
        cn_page_put_text(&out, &page);
    }
    (void)cn_text_fini(&out);
    cn_report_close(fd);
}

/* ---- what it says -------------------------------------------------------------------------------------------- */

static void fill_sentence(void) {
    cn_text_init(&out, CN_TEXT_NOWHERE);
    cn_sentence_put(&out, page.incident, &page.where);
    size_t length = cn_min(out.length, sizeof page.sentence - 1);
    memcpy(page.sentence, out.bytes, length);
    page.sentence[length] = '\0';
}

static void fill_page(const struct cn_incident *incident) {
    bool has_block = incident->known.kind != CN_BLOCK_NONE;
    uint32_t stack = has_block ? incident->facts.alloc_stack : incident->stack;
    page.incident = incident;
    page.thread = cn_self_number();
    page.site = stack != 0 ? cn_page_site_of(stack) : 0;
    if (has_block) {
        cn_where_in_block(incident->pointer, &incident->known, &incident->facts, &page.where);
    } else if (incident->pointer != NULL) {
        cn_where_find(incident->pointer, &page.where);
    }
    fill_sentence();
}

/* A second report by the thread that is making one: the first has met something unforeseen, or a handler of its signal
 * goes on with the misuse. */
static CN_NORETURN void cut_short(const struct cn_incident *incident) {
    struct cn_text text;
    cn_panic_start(&text, cn_sentence_kind(incident->kind));
    cn_text_put(&text, incident->operation);
    cn_text_put(&text, " of ");
    cn_text_put_hex(&text, (uintptr_t)(incident->pointer != NULL ? incident->pointer : incident->damage));
    cn_text_put(&text, ", while another error was reported");
    cn_panic_stop(&text);
}

static bool ask_whether_to_go_on(void) {
    if (callback == NULL) {
        return !cn_options.halt_on_error;
    }
    struct cairn_report report = {.kind = cn_sentence_kind(page.incident->kind),
                                  .sentence = page.sentence,
                                  .pointer = page.incident->pointer,
                                  .site = page.site};
    if (cn_page_has_block(&page)) {
        report.block = cn_where_user(&page.incident->known, &page.incident->facts);
        report.size = page.incident->facts.size_bytes;
        report.serial = page.incident->facts.serial;
    }
    return callback(&report, callback_argument) == CAIRN_GO_ON;
}

static CN_NORETURN void end_process(void) {
    cn_duty_let_go();
    cn_os_abort();
}

void cn_report(const struct cn_incident *incident) {
    int saved = errno;
    if (!cn_report_begin()) {
        cut_short(incident);
    }
    fill_page(incident);
    print();
    bool goes_on = ask_whether_to_go_on();
    page.where = (struct cn_where){0}; /* a search for leaks must not meet the pointer here */
    if (!goes_on) {
        atomic_store(&ending_thread, cn_os_thread_id());
    }
    cn_report_end();
    if (!goes_on) {
        end_process();
    }
    errno = saved;
}

static bool was_told(const struct cn_incident *incident) {
    uint64_t hash = cn_hash_mix((uintptr_t)incident->known.core, incident->facts.serial);
    hash = cn_hash_mix(hash, (uintptr_t)incident->damage);
    hash = cn_hash_mix(cn_hash_mix(hash, incident->damage_bytes), incident->kind);
    size_t set = hash % TOLD_SETS;
    for (size_t i = 0; i < TOLD_WAYS; i++) {
        if (atomic_load_explicit(&told[set].hashes[i], memory_order_relaxed) == hash) {
            return true;
        }
    }
    unsigned way = atomic_fetch_add_explicit(&told[set].next, 1, memory_order_relaxed) % TOLD_WAYS;
    atomic_store_explicit(&told[set].hashes[way], hash, memory_order_relaxed);
    return false;
}

void cn_report_damage(enum cn_kind kind, const struct cn_known *known, const char *first, const char *end,
                      const struct cn_look *look) {
    struct cn_incident incident = cn_incident_of(kind, look, NULL, known);
    incident.damage = first;
    incident.damage_bytes = (size_t)(end - first);
    if (!was_told(&incident)) {
        cn_report(&incident);
    }
}

void cn_report_set_callback(cairn_report_fn *function, void *argument) {
    bool is_first = cn_report_begin();
    callback = function;
    callback_argument = argument;
    if (is_first) {
        cn_report_end();
    }
}
