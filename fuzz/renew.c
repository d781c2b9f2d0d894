#define _GNU_SOURCE
#include "fuzz/renew.h"

#include <sys/mman.h>

#include "alloc/heap.h"
#include "fuzz/expect.h"
#include "fuzz/system.h"
#include "fuzz/variables.h"

/* Where the reservation lies, of which the core's own variables may say nothing any more. */
static char *reservation;
static size_t reservation_bytes;

void cn_renew_keep(void) {
    reservation = cn_region.heaps - CN_GAP_BYTES;
    reservation_bytes = (size_t)(cn_region.base - reservation) + cn_region.arena_limit * CN_ARENA_BYTES;
    CN_EXPECT(cn_region.base != NULL && cn_heap_of_thread() == NULL,
              "the allocator has started, and has not been used");
    cn_variables_keep();
}

void cn_renew(void) {
    cn_system_unmap_rest();
    void *memory = mmap(reservation, reservation_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CN_EXPECT(memory == reservation, "the region's memory can be replaced");
    cn_variables_put_back();
    cn_heap_mine = &cn_heap_none;
}
