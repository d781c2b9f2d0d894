/*
 * process.h: the first call of all, which makes what every other needs.
 *
 *   cold --first call of any kind--> starting --> ready
 *
 * It can come before any constructor, from the dynamic loader; so nothing here asks
 * for the environment (lifecycle.c does, later). Forks are handled from here on.
 */
#ifndef CN_PROCESS_H
#define CN_PROCESS_H

#include "bits.h"

/* Makes the region and the class table, once; returns when they are there. Every slow path starts here. */
void cn_process_start(void);

#endif
