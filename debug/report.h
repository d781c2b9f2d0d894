/*
 * report.h: how the debug form says what is wrong: one report for each incident, in words or as JSON.
 *
 * Nothing here allocates. What a report says of a block comes from its record; bytes of the heap are printed, never
 * believed. One report is printed at a time; a second thread waits for it, and a report within a report is cut short.
 */
#ifndef CN_REPORT_H
#define CN_REPORT_H

#include "alloc/cairn.h"
#include "alloc/os_fault.h"
#include "record.h"

/* The kinds, in AddressSanitizer's vocabulary. */
enum cn_kind {
    CN_KIND_HEAP_BUFFER_OVERFLOW,
    CN_KIND_HEAP_BUFFER_UNDERFLOW,
    CN_KIND_HEAP_USE_AFTER_FREE,
    CN_KIND_DOUBLE_FREE,
    CN_KIND_BAD_FREE,
    CN_KIND_ALLOC_DEALLOC_MISMATCH,
    CN_KIND_SIZE_MISMATCH,
    CN_KIND_REALLOC_OF_FREED,
    CN_KIND_INVALID_ALIGNMENT,
    CN_KIND_SEALED_WRITE, /* promise.h */
    CN_KIND_FENCE_WRITE,
    CN_KIND_LEAK,
};

struct cn_incident {
    enum cn_kind kind;
    const char *operation;  /* what noticed: "free", "realloc", "delete[]", "cairn_check", "exit", "quarantine", ... */
    const void *pointer;    /* handed in, or accessed; NULL: the incident is damage only */
    struct cn_known known;  /* the block concerned; kind CN_BLOCK_NONE: none */
    struct cn_facts facts;  /* of it, as they were when the incident was found */
    const char *damage;     /* the first byte that is not what it should be; NULL: none */
    size_t damage_bytes;    /* from there to the last one such */
    uint32_t stack;         /* of the thread that noticed, or that accessed; depot.h; 0: not taken */
    enum cn_access access;  /* of a fault at guarded or protected memory */
    size_t asked_size;      /* size-mismatch: the size that the call named; CN_ANY_SIZE: none */
    size_t asked_alignment; /* size-mismatch, invalid-alignment: the alignment that it named; 0: none */
    enum cn_asked freed_as; /* alloc-dealloc-mismatch: what family the call belongs to */
    const char *heap_name;  /* bad-free of another heap's block: the heap that the call named; else NULL */
};

/* Where and why one looks. */
struct cn_look {
    const char *operation;
    uint32_t stack;
};

/* An incident of the block as it is now. */
CN_INLINE struct cn_incident cn_incident_of(enum cn_kind kind, const struct cn_look *look, const void *pointer,
                                            const struct cn_known *known) {
    struct cn_incident incident = {.kind = kind,
                                   .operation = look->operation,
                                   .pointer = pointer,
                                   .known = *known,
                                   .stack = look->stack,
                                   .asked_size = CN_ANY_SIZE};
    if (known->kind != CN_BLOCK_NONE) {
        incident.facts = cn_record_facts(known->record);
    }
    return incident;
}

/* Prints the incident. Lets go of the thread's duties (duty.h) and raises SIGABRT afterwards; returns only where the option
 * halt_on_error=0 is set, or the program's error callback says so: then the caller goes on as if the bad call had not been
 * made. */
void cn_report(const struct cn_incident *incident);

/* The same for the bytes [first, end), which are not what they should be. Where the process goes on, they are
 * reported once, however often they are looked at: until so many others have been that these are forgotten, some
 * thousand. */
void cn_report_damage(enum cn_kind kind, const struct cn_known *known, const char *first, const char *end,
                      const struct cn_look *look);

/* What decides after a report, in place of halt_on_error; NULL: nobody. */
void cn_report_set_callback(cairn_report_fn *callback, void *argument);

/* In the child of a fork. */
void cn_report_after_fork(void);

/* ---- for whoever else prints (describe.c, leak.h) ------------------------------------------------------------ */

/* Waits until no other thread reports, or has ended the process by one. False where the calling thread does already. `end`
 * lets others go on. In between the thread cannot be cancelled. */
bool cn_report_begin(void);
void cn_report_end(void);

/* Whether the calling thread is making a report. */
bool cn_report_is_mine(void);

/* The file that reports go to; `close` for it. */
int cn_report_open(void);
void cn_report_close(int fd);

#endif
