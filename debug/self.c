#include "self.h"

#include <pthread.h>

#include "alloc/os.h"
#include "alloc/process.h"
#include "canary.h"

enum { SELF_BYTES = 4096 };

_Thread_local struct cn_self *cn_self_mine CN_TLS;

static _Atomic(struct cn_self *) all;
static _Atomic unsigned last_number;
static _Atomic unsigned taken_count;
static _Thread_local unsigned number_mine CN_TLS;
static _Thread_local bool has_ended CN_TLS;
static pthread_key_t farewell_key;
static _Atomic int key_state; /* 0: not made, 1: being made, 2: there, 3: not to be had */

static void on_farewell(void *argument) {
    struct cn_self *self = argument;
    cn_self_mine = NULL;
    has_ended = true; /* nobody would tell when it may be given back another time */
    cn_self_ends(self);
    (void)atomic_fetch_sub_explicit(&taken_count, 1, memory_order_relaxed);
    atomic_store_explicit(&self->is_taken, false, memory_order_release);
}

static struct cn_self *reuse(void) {
    for (struct cn_self *self = atomic_load(&all); self != NULL; self = self->next) {
        if (!atomic_load_explicit(&self->is_taken, memory_order_relaxed) &&
            !atomic_exchange_explicit(&self->is_taken, true, memory_order_acquire)) {
            return self;
        }
    }
    return NULL;
}

static struct cn_self *map_new(void) {
    struct cn_self *self = (struct cn_self *)(void *)cn_os_map(SELF_BYTES, SELF_BYTES);
    if (self != NULL) {
        atomic_store(&self->is_taken, true);
        self->next = atomic_load(&all);
        while (!atomic_compare_exchange_weak(&all, &self->next, self)) {
        }
    }
    return self;
}

/* The first call of all comes here when the library is loaded (cn_debug_start), if not before: no other thread is
 * within the library then. */
static bool has_key(void) {
    int seen = 0;
    if (atomic_compare_exchange_strong(&key_state, &seen, 1)) {
        cn_canary_init();
        seen = pthread_key_create(&farewell_key, on_farewell) == 0 ? 2 : 3;
        atomic_store(&key_state, seen);
    }
    return seen == 2;
}

CN_NOINLINE struct cn_self *cn_self_make(void) {
    if (has_ended) {
        return NULL;
    }
    cn_process_start();
    bool is_farewell_known = has_key();
    struct cn_self *self = reuse();
    self = self != NULL ? self : map_new();
    if (self == NULL) {
        return NULL;
    }
    (void)atomic_fetch_add_explicit(&taken_count, 1, memory_order_relaxed);
    number_mine = atomic_fetch_add(&last_number, 1) + 1;
    self->number = number_mine;
    self->control = cn_os_thread_id() == cn_os_process_id() ? 0 : (uintptr_t)pthread_self();
    cn_self_begins(self);
    cn_self_mine = self; /* first: pthread_setspecific may allocate */
    if (is_farewell_known) {
        (void)pthread_setspecific(farewell_key, self);
    }
    return self;
}

unsigned cn_self_number(void) { return number_mine; }

unsigned cn_self_count(void) { return atomic_load_explicit(&taken_count, memory_order_relaxed); }

unsigned cn_self_find_by_stack(uintptr_t address, uintptr_t end) {
    const struct cn_self *nearest = NULL;
    for (const struct cn_self *self = atomic_load(&all); self != NULL; self = self->next) {
        bool is_nearer = nearest == NULL || self->control < nearest->control;
        if (atomic_load(&self->is_taken) && self->control >= address && self->control < end && is_nearer) {
            nearest = self;
        }
    }
    return nearest != NULL ? nearest->number : 0;
}

void cn_self_visit(void (*visit)(const struct cn_self *self, void *argument), void *argument) {
    for (const struct cn_self *self = atomic_load(&all); self != NULL; self = self->next) {
        visit(self, argument);
    }
}

void cn_self_after_fork(void (*visit)(struct cn_self *self)) {
    atomic_store_explicit(&taken_count, cn_self_mine != NULL ? 1 : 0, memory_order_relaxed);
    for (struct cn_self *self = atomic_load(&all); self != NULL; self = self->next) {
        visit(self);
        if (self != cn_self_mine) {
            atomic_store(&self->is_taken, false);
        }
    }
}
