/*
 * crew.h: threads that work in turn, as an input says, so that what goes wrong goes wrong again; and all at once.
 *
 * Thread 0 is the one that calls. The others come when they are first given work, and end when they are told to.
 */
#ifndef CAIRN_FUZZ_CREW_H
#define CAIRN_FUZZ_CREW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

enum { CN_CREW_THREADS = 4 };

typedef void cn_crew_work(unsigned thread, void *argument);

struct cn_crew_member {
    bool is_there;
    unsigned number;
    pthread_t thread;
    sem_t start;        /* there is work */
    sem_t done;         /* it was done */
    cn_crew_work *work; /* NULL: to end */
    void *argument;
};

struct cn_crew {
    struct cn_crew_member members[CN_CREW_THREADS];
};

/* Does the work in that thread, while this one waits. */
void cn_crew_run(struct cn_crew *crew, unsigned thread, cn_crew_work *work, void *argument);

/* Does the work in all threads that are there, this one included, at the same time. */
void cn_crew_run_all(struct cn_crew *crew, cn_crew_work *work, void *argument);

/* The thread that has the share number `index` of something that all threads that are there divide among them. */
unsigned cn_crew_share(const struct cn_crew *crew, size_t index);

/* In the child of a fork, of which thread 0 is the caller: the others are not there. */
void cn_crew_forget(struct cn_crew *crew);

/* Ends that thread, if it is there and not the calling one. */
void cn_crew_end(struct cn_crew *crew, unsigned thread);
void cn_crew_end_all(struct cn_crew *crew);

#endif
