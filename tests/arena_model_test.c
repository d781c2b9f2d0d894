/*
 * arena_model_test.c: long random work on arenas (arena.h), against a model that knows each slot's run, by one thread
 * and by several at once: no slot is ever had twice, and none is lost.
 */
#define _GNU_SOURCE
#include "alloc/arena.h"
#include "alloc/counts.h"
#include "tests/fresh.h"
#include "tests/threads.h"

/* Every invariant of the arenas; no other thread is at work. */
static void check_all(void) {
    cn_arena_check_quiet();
    cn_arena_check();
}

enum { MODEL_ARENAS = 4 * CN_GROW_ARENAS, MODEL_SLOTS = MODEL_ARENAS * CN_ARENA_SLOTS, RUNS = 48 };

struct run {
    size_t first;
    size_t count; /* 0: none */
};

struct worker {
    uint32_t mark;
    uint64_t random;
    struct run runs[RUNS];
};

static _Atomic uint32_t owners[MODEL_SLOTS]; /* the mark of whoever has the slot; 0: nobody */

static void own(size_t first, size_t count, uint32_t mark) {
    for (size_t slot = first; slot < first + count; slot++) {
        MUST(slot < MODEL_SLOTS);
        MUST(atomic_exchange(&owners[slot], mark) == 0);
        cn_slot_address(slot)[mark] = 1; /* it is accessible */
    }
}

static void disown(size_t first, size_t count, uint32_t mark) {
    for (size_t slot = first; slot < first + count; slot++) {
        MUST(atomic_exchange(&owners[slot], 0) == mark);
    }
}

static size_t random_count(uint64_t *random) {
    switch (random_next(random) % 8) {
    case 0:
        return 1 + random_next(random) % 200;
    case 1:
        return 1 + random_next(random) % 64;
    default:
        return 1 + random_next(random) % 8;
    }
}

static void take(struct worker *worker, struct run *run) {
    size_t count = random_count(&worker->random);
    size_t alignment = (size_t)1 << (random_next(&worker->random) % 16 == 0 ? random_next(&worker->random) % 9 : 0);
    size_t first = cn_arena_take(count, alignment);
    if (first != SIZE_MAX) {
        MUST(is_aligned(cn_slot_address(first), alignment * CN_SLOT_BYTES));
        own(first, count, worker->mark);
        *run = (struct run){first, count};
    }
}

static void give_end(struct worker *worker, struct run *run, size_t count) {
    run->count -= count;
    disown(run->first + run->count, count, worker->mark);
    cn_arena_give(run->first + run->count, count);
}

static void extend(struct worker *worker, struct run *run) {
    size_t more = random_count(&worker->random);
    if (cn_arena_extend(run->first, run->count, more)) {
        own(run->first + run->count, more, worker->mark);
        run->count += more;
    }
}

static void step(struct worker *worker) {
    struct run *run = &worker->runs[random_next(&worker->random) % RUNS];
    uint64_t choice = random_next(&worker->random) % 8;
    if (run->count == 0) {
        take(worker, run);
    } else if (choice == 0) {
        extend(worker, run);
    } else if (choice == 1) {
        give_end(worker, run, 1 + random_next(&worker->random) % run->count);
    } else {
        give_end(worker, run, run->count);
    }
}

static void give_all(struct worker *worker) {
    for (size_t i = 0; i < RUNS; i++) {
        give_end(worker, &worker->runs[i], worker->runs[i].count);
    }
}

static void start_model(void) {
    fresh_region(MODEL_ARENAS);
    memset((void *)&cn_counts, 0, sizeof cn_counts);
}

/* The model's slots and the arenas' are the same. */
static void compare(void) {
    size_t used = 0;
    for (size_t slot = 0; slot < known_arenas() * CN_ARENA_SLOTS; slot++) {
        MUST(cn_arena_has_taken(slot) == (atomic_load(&owners[slot]) != 0));
        used += cn_arena_has_taken(slot) ? 1 : 0;
    }
    MUST(used == cn_count_of(&cn_counts.used_slots));
    MUST(used <= cn_count_of(&cn_counts.peak_used_slots));
    check_all();
}

static void work_alone(void *argument) {
    static struct worker worker;
    start_model();
    worker.mark = 1;
    worker.random = *(uint64_t *)argument;
    for (unsigned i = 0; i < 20000; i++) {
        step(&worker);
        if (i % 500 == 0) {
            compare();
        }
    }
    give_all(&worker);
    compare();
    MUST(cn_count_of(&cn_counts.used_slots) == 0);
}

static void random_work_agrees_with_the_model(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        expect_return(work_alone, &seed);
    }
}

static _Atomic uint32_t last_mark;

static void *work(void *argument) {
    struct worker *worker = calloc(1, sizeof *worker);
    MUST(worker != NULL);
    worker->mark = atomic_fetch_add(&last_mark, 1) + 1;
    worker->random = worker->mark * 77;
    for (unsigned i = 0; i < *(unsigned *)argument; i++) {
        step(worker);
    }
    give_all(worker);
    free(worker);
    return NULL;
}

static void work_together(void *argument) {
    unsigned steps = 40000;
    start_model();
    run_threads(*(size_t *)argument, work, &steps);
    compare();
    MUST(cn_count_of(&cn_counts.used_slots) == 0);
    for (size_t arena = 0; arena < known_arenas(); arena++) { /* nothing was lost on the way */
        MUST(atomic_load(&cn_region.arenas[arena].used) == 0);
    }
}

static void threads_never_have_the_same_slot(void **state) {
    (void)state;
    for (size_t threads = 2; threads <= 4; threads++) {
        expect_return(work_together, &threads);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_work_agrees_with_the_model),
        cmocka_unit_test(threads_never_have_the_same_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
