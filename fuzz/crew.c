#include "fuzz/crew.h"

#include <errno.h>

#include "fuzz/expect.h"

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0) {
        CN_EXPECT(errno == EINTR, "a semaphore can be waited for");
    }
}

static void *member_main(void *argument) {
    struct cn_crew_member *member = argument;
    for (;;) {
        wait_for(&member->start);
        if (member->work == NULL) {
            return NULL;
        }
        member->work(member->number, member->argument);
        (void)sem_post(&member->done);
    }
}

static struct cn_crew_member *member_of(struct cn_crew *crew, unsigned thread) {
    struct cn_crew_member *member = &crew->members[thread];
    if (!member->is_there) {
        CN_EXPECT(sem_init(&member->start, 0, 0) == 0 && sem_init(&member->done, 0, 0) == 0, "there are semaphores");
        member->number = thread;
        CN_EXPECT(pthread_create(&member->thread, NULL, member_main, member) == 0, "a thread can be made");
        member->is_there = true;
    }
    return member;
}

static void start(struct cn_crew_member *member, cn_crew_work *work, void *argument) {
    member->work = work;
    member->argument = argument;
    (void)sem_post(&member->start);
}

void cn_crew_run(struct cn_crew *crew, unsigned thread, cn_crew_work *work, void *argument) {
    if (thread == 0) {
        work(0, argument);
        return;
    }
    struct cn_crew_member *member = member_of(crew, thread);
    start(member, work, argument);
    wait_for(&member->done);
}

void cn_crew_run_all(struct cn_crew *crew, cn_crew_work *work, void *argument) {
    for (unsigned i = 1; i < CN_CREW_THREADS; i++) {
        if (crew->members[i].is_there) {
            start(&crew->members[i], work, argument);
        }
    }
    work(0, argument);
    for (unsigned i = 1; i < CN_CREW_THREADS; i++) {
        if (crew->members[i].is_there) {
            wait_for(&crew->members[i].done);
        }
    }
}

unsigned cn_crew_share(const struct cn_crew *crew, size_t index) {
    unsigned thread = (unsigned)(index % CN_CREW_THREADS);
    return crew->members[thread].is_there ? thread : 0;
}

void cn_crew_forget(struct cn_crew *crew) {
    for (unsigned i = 1; i < CN_CREW_THREADS; i++) {
        crew->members[i].is_there = false;
    }
}

void cn_crew_end(struct cn_crew *crew, unsigned thread) {
    struct cn_crew_member *member = &crew->members[thread];
    if (!member->is_there) {
        return;
    }
    start(member, NULL, NULL);
    CN_EXPECT(pthread_join(member->thread, NULL) == 0, "a thread ends");
    (void)sem_destroy(&member->start);
    (void)sem_destroy(&member->done);
    member->is_there = false;
}

void cn_crew_end_all(struct cn_crew *crew) {
    for (unsigned i = 1; i < CN_CREW_THREADS; i++) {
        cn_crew_end(crew, i);
    }
}
