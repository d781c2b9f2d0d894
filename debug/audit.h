/*
 * audit.h: looks at every byte that is not the program's, of all blocks: what cairn_check, the option check_every, the
 * signal check_signal, and the end of the process do.
 *
 * Other threads may go on meanwhile. A block that they change while it is looked at is passed over (record.h); memory
 * does not go back to the system meanwhile (purge.h).
 */
#ifndef CN_AUDIT_H
#define CN_AUDIT_H

#include "record.h"
#include "report.h"

/* Reports all damage that it finds; `operation` names the occasion, `stack` the calls that led to it; 0: none do.
 * False, and nothing done, where another audit is going on, where this thread is making a report, or, in a signal handler,
 * where it was interrupted at what an audit waits for. */
bool cn_audit(const char *operation, uint32_t stack);

/* The same, but waits for another audit; where all the same nothing can be done, it is due. */
void cn_audit_asked(const char *operation, uint32_t stack);

/* For a signal handler; where nothing can be done, it is due, and some thread's next call does it. */
void cn_audit_by_signal(void);
extern _Atomic bool cn_audit_is_due_word;
CN_INLINE bool cn_audit_is_due(void) { return atomic_load_explicit(&cn_audit_is_due_word, memory_order_relaxed); }
void cn_audit_due(void);

/* The same because the process ends in the way that `how` says, where the options ask for it. Waits for another audit, which
 * may be about to end the process by a report. In the child of a fork blocks that are older than it are left out if they are
 * freed. */
void cn_audit_last(const char *how, uint32_t stack);

/* The same of all blocks of the named heap, which nobody else uses meanwhile. */
void cn_audit_heap(const struct cairn_heap *heap, struct cn_look *look);

/* Calls `visit` for every block that has a record, in order of address, those outside of the region last; of one
 * heap, or NULL for all. */
typedef bool cn_audit_fn(const struct cn_known *known, uint64_t word, void *argument);
bool cn_audit_blocks(const struct cairn_heap *heap, cn_audit_fn *visit, void *argument);

/* In the child of a fork. */
void cn_audit_after_fork(void);

#endif
