/*
 * fault.h: what happens at an access to memory that Cairn has made inaccessible on purpose: guarded pages, and what the
 * debug form protects. Faults of any other kind end the process as they always did.
 */
#ifndef CN_FAULT_H
#define CN_FAULT_H

/* Before main, when the options are read. Does nothing where the program handles faults itself. */
void cn_fault_start(void);

#endif
