/*
 * renew.h: an allocator as it is before its first call, for every input: a find then depends on its input alone.
 *
 * The core has no way to begin again, and needs none. So it is done from outside: its variables are put back as they
 * were (variables.h), the region's memory is replaced by inaccessible memory, as it was when it was reserved, and what
 * the allocator had mapped elsewhere is unmapped (system.h knows of it).
 */
#ifndef CAIRN_FUZZ_RENEW_H
#define CAIRN_FUZZ_RENEW_H

/* Remembers the allocator as it is now: once, before the thread's first call of it. */
void cn_renew_keep(void);

/* The allocator is as it was then, whatever became of it meanwhile. Only for what this thread did, within
 * cn_system_run. */
void cn_renew(void);

/* The same, but that memory which was accessible stays so, and is zero: many times quicker. The core must not have
 * met a failure of the system. */
void cn_renew_quickly(void);

/* Calls run(argument) on an allocator as it is before its first call, by cn_renew_quickly; in the release form what
 * the program writes into blocks must be noted (pages.h). Ends the process where anything is reported. */
void cn_renew_and_run(void (*run)(void *), void *argument);

#endif
