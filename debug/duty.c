#include "duty.h"

#include <stddef.h>

#include "alloc/bits.h"

enum { DUTIES_MAX = 8 }; /* beyond are not kept */

struct duty {
    cn_duty_fn *let_go;
    void *subject;
    uint64_t mask;
};

static _Thread_local struct duty duties[DUTIES_MAX] CN_TLS;
static _Thread_local size_t duty_count CN_TLS;

void cn_duty_begin(cn_duty_fn *let_go, void *subject, uint64_t mask) {
    if (duty_count < DUTIES_MAX) {
        duties[duty_count] = (struct duty){let_go, subject, mask};
    }
    duty_count++;
}

void cn_duty_end(void) { duty_count--; }

void cn_duty_let_go(void) {
    while (duty_count > 0) {
        duty_count--;
        if (duty_count < DUTIES_MAX) {
            struct duty duty = duties[duty_count];
            duty.let_go(duty.subject, duty.mask);
        }
    }
}
