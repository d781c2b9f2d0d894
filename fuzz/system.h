/*
 * system.h: stands between the allocator and the system, for harnesses that decide what the system does.
 *
 * system.c defines mmap, munmap, mprotect, madvise, mincore, mremap, getrlimit, write and raise for the whole program,
 * in place of the C library's, so that the core's one layer of system calls (alloc/os_linux.c) is tried as it is. They do as the
 * system does, except while cn_system_run is running. Then, whichever thread calls,
 *
 *   - calls fail as they were told to;
 *   - mappings are noted, so that those that were left behind can be taken away;
 *   - pages that are watched (pages.h) are given back without the system;
 *
 * and in the thread that called cn_system_run
 *
 *   - what is written on standard error is kept as the report, and not printed;
 *   - raising SIGABRT ends cn_system_run, not the process. The allocator's state is then what an abort leaves: good for
 *     nothing but to be renewed (renew.h).
 */
#ifndef CAIRN_FUZZ_SYSTEM_H
#define CAIRN_FUZZ_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls that can be told to fail; values are bits. */
enum cn_system_call {
    CN_SYSTEM_MAP = 1,     /* new mappings, and those put in place of others */
    CN_SYSTEM_UNMAP = 2,   /* which a full table of mappings can refuse */
    CN_SYSTEM_PROTECT = 4, /* making memory accessible */
    CN_SYSTEM_ADVISE = 8,  /* giving pages back */
    CN_SYSTEM_REMAP = 16, /* resizing and moving; of a move to a place that fails that is gone, as with older kernels */
    CN_SYSTEM_ANY = 31
};

/* From now on, of the calls that `kinds` names, the k-th fails where bit k of the plan is set, the lowest bit of its
 * first byte being bit 0. None fails after its end. The plan stays the caller's. */
void cn_system_plan(unsigned kinds, const uint8_t *plan, size_t bytes);

/* From now on the address space is said to be limited to so many bytes; 0: it is as the system says. */
void cn_system_limit_addresses(size_t bytes);

/* Calls that have failed since the start of the program, as they were told to. */
size_t cn_system_failures(void);

/* Calls run(argument). False where that raised SIGABRT; cn_system_report is what it said then. */
bool cn_system_run(void (*run)(void *), void *argument);
const char *cn_system_report(void);

/* The same, but ends the process where anything is reported. */
void cn_system_run_quietly(void (*run)(void *), void *argument);

/* Bytes that were newly mapped during cn_system_run and are still there. */
size_t cn_system_mapped_bytes(void);

/* Calls visit for each mapping that was made before the first cn_system_run, and is still there. From then on such are
 * never unmapped. Once. */
void cn_system_each_early(void (*visit)(char *start, size_t bytes));

/* Unmaps what was newly mapped during cn_system_run and is still there. */
void cn_system_unmap_rest(void);

/* Unmaps what could not be unmapped as it was told, the first 256 such; whoever asked for it has let go of it. */
void cn_system_unmap_refused(void);

#endif
