#include "duty.h"

#include <stdatomic.h>

#include "alloc/bits.h"
#include "alloc/lock.h"

enum { DUTIES_MAX = 8 }; /* beyond are not kept */

/* Signal handlers come in between, and begin and end duties of their own. */
struct duty {
    cn_duty_fn *volatile let_go; /* NULL: not there yet, or no more */
    void *subject;
    uint64_t mask;
};

static _Thread_local struct duty duties[DUTIES_MAX] CN_TLS;
static _Thread_local volatile size_t duty_count CN_TLS;

size_t cn_duty_begin(cn_duty_fn *let_go, void *subject, uint64_t mask) {
    size_t number = duty_count;
    duty_count = number + 1;
    if (number < DUTIES_MAX) {
        duties[number].subject = subject;
        duties[number].mask = mask;
        atomic_signal_fence(memory_order_release);
        duties[number].let_go = let_go;
    }
    return number;
}

bool cn_duty_end(size_t number) {
    if (number >= duty_count) {
        return false;
    }
    if (number < DUTIES_MAX) {
        duties[number].let_go = NULL;
    }
    duty_count = number;
    return true;
}

void cn_duty_give_lock(void *lock, uint64_t mask) {
    (void)mask;
    cn_lock_give(lock);
}

void cn_duty_let_go(void) {
    while (duty_count > 0) {
        size_t number = duty_count - 1;
        cn_duty_fn *let_go = number < DUTIES_MAX ? duties[number].let_go : NULL;
        (void)cn_duty_end(number);
        if (let_go != NULL) {
            let_go(duties[number].subject, duties[number].mask);
        }
    }
}
