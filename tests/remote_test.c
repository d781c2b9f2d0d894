/*
 * remote_test.c: frees by other threads (remote.h): what is posted is drained once, whatever the order of the steps,
 * and the slot says so meanwhile.
 */
#define _GNU_SOURCE
#include "alloc/remote.h"

#include <sched.h>

#include "alloc/arena.h"
#include "tests/fresh.h"
#include "tests/threads.h"

enum { SLOTS = 4 };
static const uintptr_t some_owner = 0x12340;

static struct cn_remote_list list;

/* Slots [0, SLOTS) with pools of the smallest class. */
static void fresh_slots(void) {
    fresh_region(0);
    cn_class_init();
    atomic_store(&list.first, NULL);
    MUST(cn_arena_take(SLOTS, 1) == 0);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        (void)cn_pool_make(slot, 0, NULL, some_owner);
    }
}

static bool is_pending(size_t slot) { return (atomic_load(&cn_region.owner[slot]) & CN_OWNER_PENDING) != 0; }

/* ---- one thread ---------------------------------------------------------------------------------------------- */

static uint64_t drained[SLOTS * CN_SLOT_WORDS];
static unsigned drained_words;

static void note_drained(struct cairn_heap *heap, size_t word, uint64_t bits) {
    MUST(heap == NULL && bits != 0 && word < SLOTS * CN_SLOT_WORDS);
    MUST((drained[word] & bits) == 0);
    drained[word] |= bits;
    drained_words++;
}

static void drain(void) {
    memset(drained, 0, sizeof drained);
    drained_words = 0;
    cn_remote_drain(&list, note_drained, NULL);
}

static void post_one(void *argument) {
    (void)argument;
    fresh_slots();
    const size_t granule = CN_SLOT_GRANULES + 3 * CN_WORD_GRANULES + 17;
    MUST(!cn_remote_test(granule));
    MUST(cn_remote_post(&list, granule));
    MUST(cn_remote_test(granule) && !cn_remote_test(granule + 1) && !cn_remote_test(granule - 1));
    MUST(is_pending(1) && !is_pending(0) && !is_pending(2));
    drain();
    MUST(drained_words == 1 && drained[CN_SLOT_WORDS + 3] == UINT64_C(1) << 17);
    MUST(!cn_remote_test(granule) && !is_pending(1));
    MUST(atomic_load(&cn_region.owner[1]) == some_owner);
    drain();
    MUST(drained_words == 0);
}

static void posted_block_is_drained_once(void **state) {
    (void)state;
    expect_return(post_one, NULL);
}

static void post_twice(void *argument) {
    (void)argument;
    fresh_slots();
    for (unsigned round = 0; round < 3; round++) {
        MUST(cn_remote_post(&list, 70));
        MUST(!cn_remote_post(&list, 70));
        MUST(cn_remote_post(&list, 71));
        MUST(!cn_remote_post(&list, 70) && !cn_remote_post(&list, 71));
        drain();
        MUST(drained_words == 1 && drained[1] == 0xc0);
    }
}

static void second_post_of_a_block_is_refused_until_it_is_drained(void **state) {
    (void)state;
    expect_return(post_twice, NULL);
}

static void post_at_random(void *argument) {
    static uint64_t posted[SLOTS * CN_SLOT_WORDS];
    uint64_t random = *(uint64_t *)argument;
    fresh_slots();
    for (unsigned round = 0; round < 50; round++) {
        memset(posted, 0, sizeof posted);
        for (uint64_t left = random_next(&random) % 300; left > 0; left--) {
            size_t granule = random_next(&random) % ((size_t)SLOTS * CN_SLOT_GRANULES);
            uint64_t bit = UINT64_C(1) << granule % 64;
            MUST(cn_remote_post(&list, granule) == ((posted[granule / 64] & bit) == 0));
            posted[granule / 64] |= bit;
        }
        drain();
        MUST(memcmp(posted, drained, sizeof posted) == 0);
        MUST(atomic_load(&list.first) == NULL);
    }
}

static void what_is_drained_is_what_was_posted(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        expect_return(post_at_random, &seed);
    }
}

/* What a fork leaves of posters that came to each of their steps: a list that is lost, a word that is not announced,
 * and a slot that nobody posted to. */
static void repair_what_was_cut_off(void *argument) {
    (void)argument;
    fresh_slots();
    MUST(cn_remote_post(&list, 5));
    atomic_store(&cn_region.remote[CN_SLOT_WORDS + 3], 0x80);
    atomic_store(&list.first, NULL);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        cn_remote_repair(&list, slot);
    }
    MUST(is_pending(0) && is_pending(1) && !is_pending(2));
    memset(drained, 0, sizeof drained);
    drain();
    MUST(drained[0] == 0x20 && drained[CN_SLOT_WORDS + 3] == 0x80 && !is_pending(0) && !is_pending(1));
    MUST(cn_remote_post(&list, 5) && is_pending(0));
    drain();
    MUST(drained[0] == 0x20);
}

static void what_a_fork_cut_off_is_announced_anew(void **state) {
    (void)state;
    expect_return(repair_what_was_cut_off, NULL);
}

/* Threads that wait for each other contend best where they do not give way, but there may be more of them than
 * processors. */
static void yield_at_times(unsigned round) {
    if (round % 256 == 0) {
        sched_yield();
    }
}

/* ---- several posters, one owner ------------------------------------------------------------------------------ */

/* Every block is one poster's, which posts it whenever it is live; blocks of all posters share words. */
enum { POSTERS = 3, BLOCKS = 96, POSTS = 50000 };
enum { LIVE, POSTING, POSTED };

static struct {
    unsigned word_blocks; /* so many of the blocks share a word */
    _Atomic unsigned states[BLOCKS];
    _Atomic size_t posted;
    size_t freed;
    _Atomic unsigned next_poster;
    _Atomic unsigned done_posters;
} stress;

static size_t granule_of(size_t block) {
    size_t word = block / stress.word_blocks;
    size_t slot = word % SLOTS;
    return slot * CN_SLOT_GRANULES + word / SLOTS * CN_WORD_GRANULES + block % stress.word_blocks;
}

static size_t block_of(size_t word, unsigned bit) {
    return (word / CN_SLOT_WORDS + word % CN_SLOT_WORDS * SLOTS) * stress.word_blocks + bit;
}

static void note_freed(struct cairn_heap *heap, size_t word, uint64_t bits) {
    (void)heap;
    for (; bits != 0; bits &= bits - 1) {
        size_t block = block_of(word, cn_ctz(bits));
        MUST(block < BLOCKS);
        MUST(atomic_exchange(&stress.states[block], LIVE) != LIVE); /* freed once for each post */
        stress.freed++;
    }
}

static void *post_often(void *argument) {
    (void)argument;
    size_t first = atomic_fetch_add(&stress.next_poster, 1);
    size_t idle = 0;
    for (size_t posts = 0, block = first; posts < POSTS && idle < 100 * BLOCKS; block += POSTERS) {
        block = block < BLOCKS ? block : first;
        unsigned live = LIVE;
        if (!atomic_compare_exchange_strong(&stress.states[block], &live, POSTING)) {
            idle++;
            sched_yield();
            continue;
        }
        MUST(cn_remote_post(&list, granule_of(block)));
        unsigned posting = POSTING;
        (void)atomic_compare_exchange_strong(&stress.states[block], &posting, POSTED);
        atomic_fetch_add(&stress.posted, 1);
        posts++;
        idle = 0;
    }
    atomic_fetch_add(&stress.done_posters, 1);
    return NULL;
}

/* The owner can tell of every block whose post has returned that it is freed. The slot's mark may be another
 * poster's to set, which has put the slot's first bit and is about to. */
static void expect_marks(void) {
    double start = seconds_now();
    for (size_t block = 0; block < BLOCKS; block++) {
        if (atomic_load(&stress.states[block]) == POSTED) {
            MUST(cn_remote_test(granule_of(block)));
            while (!is_pending(cn_slot_of_granule(granule_of(block)))) {
                MUST(seconds_now() - start < 5);
                sched_yield();
            }
        }
    }
}

static void drain_meanwhile(void *argument) {
    pthread_t posters[POSTERS];
    fresh_slots();
    stress.word_blocks = *(unsigned *)argument;
    start_all(posters, POSTERS, post_often, NULL);
    for (unsigned i = 0; atomic_load(&stress.done_posters) < POSTERS; i++) {
        cn_remote_drain(&list, note_freed, NULL);
        if (i % 4 == 0) {
            expect_marks();
        }
        yield_at_times(i);
    }
    join_all(posters, POSTERS);
    cn_remote_drain(&list, note_freed, NULL);
    MUST(stress.freed == atomic_load(&stress.posted)); /* none is lost */
    for (size_t slot = 0; slot < SLOTS; slot++) {
        MUST(!is_pending(slot) && atomic_load(&cn_region.pools[slot].remote_words) == 0);
    }
}

static void no_free_is_lost_between_posters_and_owner(void **state) {
    (void)state;
    for (unsigned word_blocks = 3; word_blocks <= 48; word_blocks *= 4) {
        expect_return(drain_meanwhile, &word_blocks);
    }
}

/* ---- slots that change hands --------------------------------------------------------------------------------- */

enum { HAND_OVERS = 60000, CONTENDERS = 2 };
enum { NOT_YET, TO_POST, FREED };

static struct {
    _Atomic unsigned states[CONTENDERS]; /* of one block for each poster, all in one word */
    _Atomic unsigned returns;            /* of posts */
    _Atomic unsigned next_poster;
    _Atomic bool is_over;
} hand_over;

static void *post_own_block(void *argument) {
    (void)argument;
    size_t block = atomic_fetch_add(&hand_over.next_poster, 1);
    for (unsigned i = 1; !atomic_load(&hand_over.is_over); i++) {
        unsigned to_post = TO_POST;
        if (atomic_compare_exchange_strong(&hand_over.states[block], &to_post, NOT_YET)) {
            MUST(cn_remote_post(&list, block));
            atomic_fetch_add(&hand_over.returns, 1);
        } else {
            yield_at_times(i);
        }
    }
    return NULL;
}

static void note_handed_over(struct cairn_heap *heap, size_t word, uint64_t bits) {
    MUST(heap == NULL && word == 0 && bits >> CONTENDERS == 0);
    for (; bits != 0; bits &= bits - 1) {
        MUST(atomic_exchange(&hand_over.states[cn_ctz(bits)], FREED) == NOT_YET);
    }
}

static bool all_are_freed(void) {
    for (size_t block = 0; block < CONTENDERS; block++) {
        if (atomic_load(&hand_over.states[block]) != FREED) {
            return false;
        }
    }
    return true;
}

/* All blocks are free, so that the slot may become anybody's: what is left of the posts must not touch it. */
static void expect_untouched(unsigned posts) {
    for (unsigned i = 1; atomic_load(&hand_over.returns) != posts; i++) {
        yield_at_times(i);
    }
    MUST(atomic_load(&cn_region.owner[0]) == 0);
    MUST(atomic_load(&cn_region.pools[0].remote_words) == 0);
    MUST(atomic_load(&list.first) == NULL);
}

static void hand_a_slot_over(void *argument) {
    (void)argument;
    pthread_t posters[CONTENDERS];
    fresh_slots();
    start_all(posters, CONTENDERS, post_own_block, NULL);
    for (unsigned round = 0; round < HAND_OVERS; round++) {
        atomic_store(&cn_region.owner[0], some_owner);
        for (size_t block = 0; block < CONTENDERS; block++) {
            atomic_store(&hand_over.states[block], TO_POST);
        }
        for (unsigned i = 0; !all_are_freed(); i++) {
            cn_remote_drain(&list, note_handed_over, NULL);
            yield_at_times(i);
        }
        atomic_store(&cn_region.owner[0], 0);
        expect_untouched((round + 1) * CONTENDERS);
    }
    atomic_store(&hand_over.is_over, true);
    join_all(posters, CONTENDERS);
}

static void poster_is_done_with_a_slot_when_its_free_can_be_seen(void **state) {
    (void)state;
    expect_return(hand_a_slot_over, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posted_block_is_drained_once),
        cmocka_unit_test(second_post_of_a_block_is_refused_until_it_is_drained),
        cmocka_unit_test(what_is_drained_is_what_was_posted),
        cmocka_unit_test(what_a_fork_cut_off_is_announced_anew),
        cmocka_unit_test(no_free_is_lost_between_posters_and_owner),
        cmocka_unit_test(poster_is_done_with_a_slot_when_its_free_can_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
