#include "fuzz/misuse_search.h"

#include "alloc/cairn.h"
#include "fuzz/expect.h"
#include "fuzz/misuse_due.h"
#include "fuzz/misuse_pick.h"
#include "fuzz/quarantine.h"

enum finder { BY_SWEEP, BY_FREE, BY_RESIZE, BY_DESTROY, BY_LEAVING, FINDER_COUNT };

/* What is to find the damage, when the history is over; `damaged` is a copy. */
static struct {
    enum finder finder;
    struct cn_misuse_block *place;
    struct cn_misuse_block damaged;
} search;

/* Whether the place still holds the block, in the state that it was in. */
static bool is_still_there(void) {
    return search.place->state == search.damaged.state && search.place->born == search.damaged.born;
}

void cn_misuse_sweep(void) { CN_EXPECT(cairn_check(), "a sweep comes to its end"); }

static void free_damaged(struct cn_misuse_blocks *blocks) {
    bool was_seen = cn_misuse_is_seen();
    if (search.finder == BY_FREE || !cn_misuse_is_live_of_malloc(blocks, search.place)) {
        cn_misuse_free(blocks, search.place);
    } else {
        cn_misuse_note_end(blocks, search.place);
        (void)cairn_realloc(search.place->user, 0);
    }
    search.place->state = was_seen ? search.place->state : CN_MISUSE_PARKED;
}

void cn_misuse_empty_quarantine(struct cn_misuse_blocks *blocks) {
    cn_empty_quarantine();
    blocks->all_wait = false;
}

void cn_misuse_find_damage(struct cn_misuse_blocks *blocks) {
    bool is_freed = search.damaged.state == CN_MISUSE_FREED;
    bool was_seen = cn_misuse_is_seen();
    if (search.place == NULL) {
        return;
    }
    if (is_still_there() && search.finder == BY_DESTROY) {
        cn_misuse_renew_heap(blocks, search.damaged.heap);
    } else if (is_still_there() && search.finder == BY_LEAVING && is_freed) {
        cn_misuse_empty_quarantine(blocks);
        search.place->state = was_seen ? CN_MISUSE_FREED : CN_MISUSE_PARKED;
    } else if (is_still_there() && (search.finder == BY_FREE || search.finder == BY_RESIZE) && !is_freed) {
        free_damaged(blocks);
    } else {
        cn_misuse_sweep();
    }
    search.place = NULL;
}

/* What is free in a pool goes with that unseen: it is looked for at once. */
void cn_misuse_search_for(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block) {
    search.place = block;
    search.damaged = *block;
    search.finder = (enum finder)(cn_bytes_take(blocks->input) % FINDER_COUNT);
    if (block->state == CN_MISUSE_FREED && !blocks->all_wait) {
        cn_misuse_sweep();
        search.place = NULL;
    }
}
