/*
 * scan.h: which live blocks can be reached: a conservative scan, as LeakSanitizer makes it. Any aligned word that has
 * the value of an address within a block counts as a pointer to it.
 *
 *   roots    what can be written and read of the process's memory: globals, also those that were made read-only since,
 *            thread-local storage, and what the program has mapped; of stacks what is in use; registers; what named heaps
 *            hand to callbacks
 *   not      Cairn's reservation, in which the blocks lie, and its other memory; stacks of threads that have ended;
 *            files that are mapped shared, and devices
 *
 * A live block that a root points to is reachable, and so is what a reachable one points to. What is left is lost; of
 * that, what another lost block points to is lost indirectly.
 *
 * Nothing here allocates from the heap or takes a lock: it runs while all other threads stand still, at any point
 * (stop.h). Memory is copied before it is looked at, so that none can fault; what was never
 * touched is passed over.
 */
#ifndef CN_SCAN_H
#define CN_SCAN_H

#include "record.h"
#include "stop.h"

/* Looks at everything. False where there is no memory for its notes, or nothing can be read. To be called by cn_stop_others or cn_stop_nobody;
 * `fini` afterwards in any case. */
bool cn_scan_run(const struct cn_stopped *stopped);
void cn_scan_fini(void);

enum cn_scan_fate { CN_SCAN_REACHABLE, CN_SCAN_LOST, CN_SCAN_LOST_INDIRECTLY };

/* What the last scan said of the live block. Of a block that was made since, it says that it is reachable. */
enum cn_scan_fate cn_scan_fate_of(const struct cn_known *known);

#endif
