/*
 * process.h: what happens once in a process: the first allocation, the constructor, forks, and the end.
 *
 *   cold --first call of any kind--> starting --> ready
 *
 * The first allocation can come before any constructor, from the dynamic loader; the options are read by the
 * constructor, when the environment is there.
 */
#ifndef CN_PROCESS_H
#define CN_PROCESS_H

#include "bits.h"

/* Makes the region and the class table, once; returns when they are there. Every slow path starts here. */
void cn_process_start(void);

#endif
