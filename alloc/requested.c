#include "requested.h"

#include "heap.h"

static bool is_on; /* written before there is a second thread */

void cn_requested_enable(void) {
    if (cn_region_enable_slack()) {
        is_on = true;
        cn_heap_disable_magazines(cn_heap_mine);
    }
}

bool cn_requested_is_on(void) { return is_on; }

void cn_requested_note(size_t granule, size_t bytes, size_t size) {
    if (is_on) {
        size_t slack = cn_min(bytes - cn_min(size, bytes), UINT16_MAX);
        atomic_store_explicit(&cn_region.slack[granule], (uint16_t)slack, memory_order_relaxed);
    }
}

size_t cn_requested_of(size_t granule, size_t bytes) {
    return bytes - atomic_load_explicit(&cn_region.slack[granule], memory_order_relaxed);
}
