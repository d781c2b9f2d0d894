#include "requested.h"

#include "heap.h"

void cn_requested_enable(void) {
    if (cn_region_enable_slack()) {
        cn_heap_disable_magazines(cn_heap_of_thread());
    }
}
