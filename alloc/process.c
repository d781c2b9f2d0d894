#include "process.h"

#include <stdatomic.h>

#include "region.h"
#include "size_class.h"
#include "thread.h"

enum { COLD, STARTING, READY };

static _Atomic uint32_t phase;

static CN_COLD void start_or_wait(void) {
    uint32_t seen = COLD;
    if (atomic_compare_exchange_strong(&phase, &seen, STARTING)) {
        cn_class_init();
        cn_region_init();
        cn_thread_init();
        atomic_store_explicit(&phase, READY, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&phase, memory_order_acquire) != READY) { /* takes microseconds, once */
    }
}

void cn_process_start(void) {
    if (CN_UNLIKELY(atomic_load_explicit(&phase, memory_order_acquire) != READY)) {
        start_or_wait();
    }
}
