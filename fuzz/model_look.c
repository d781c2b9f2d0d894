/*
 * model_look.c: what stats and walks say against what the model knows.
 */
#include "fuzz/expect.h"
#include "fuzz/model.h"

/* ---- stats --------------------------------------------------------------------------------------------------- */

static void expect_sums(const struct cairn_stats *stats) {
    uint64_t in_classes = 0;
    uint64_t free_in_classes = 0;
    uint64_t blocks_in_classes = 0;
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        const struct cairn_class_stats *class = &stats->classes[i];
        in_classes += class->used_blocks * class->block_bytes;
        free_in_classes += class->free_blocks * class->block_bytes;
        blocks_in_classes += class->used_blocks;
    }
    CN_EXPECT(stats->block_bytes == stats->span_bytes + in_classes, "blocks are those of spans and of classes");
    CN_EXPECT(stats->free_bytes == free_in_classes, "free bytes are those of classes");
    CN_EXPECT(stats->block_count >= blocks_in_classes, "blocks of classes are blocks");
    CN_EXPECT(stats->block_bytes + stats->free_bytes + stats->slack_bytes == stats->pool_bytes + stats->span_bytes,
              "pools and spans are blocks, free blocks and slack");
}

/* In the debug form a block takes more than can be used: at least one byte behind it, unless it lies on guarded
 * pages. What waits in quarantine is neither counted nor summed up. */
static void expect_blocks(const struct cn_model *model, const struct cairn_stats *stats, size_t count, size_t asked,
                          size_t usable) {
    CN_EXPECT(stats->block_count == count, "the live blocks are counted, and no others");
    if (model->is_debug_form) {
        CN_EXPECT(stats->block_bytes >= usable + (model->has_guarded ? 0 : count), "all live blocks are summed up");
        CN_EXPECT(stats->requested_bytes == asked, "what was asked for is summed up");
        return;
    }
    CN_EXPECT(stats->block_bytes == usable, "the live blocks are summed up");
    CN_EXPECT(stats->requested_bytes == UINT64_MAX || stats->requested_bytes == asked,
              "what was asked for is summed up");
}

void cn_model_check_stats(struct cn_model *model) {
    struct cairn_stats stats;
    struct cn_model_heap all = {0};
    size_t named_heaps = 0;
    for (unsigned i = 0; i < CN_MODEL_HEAPS; i++) {
        all.block_count += model->heaps[i].block_count;
        all.asked_bytes += model->heaps[i].asked_bytes;
        all.usable_bytes += model->heaps[i].usable_bytes;
        named_heaps += model->heaps[i].handle != NULL ? 1 : 0;
    }
    cairn_stats_get(&stats);
    expect_sums(&stats);
    expect_blocks(model, &stats, all.block_count, all.asked_bytes, all.usable_bytes);
    CN_EXPECT(stats.pool_bytes + stats.span_bytes <= stats.arena_bytes, "pools and spans lie in arenas");
    CN_EXPECT(stats.resident_bytes <= stats.arena_bytes, "no more is resident than there is");
    CN_EXPECT(stats.pool_bytes + stats.span_bytes <= stats.peak_used_bytes, "the peak of use is a peak");
    CN_EXPECT(stats.arena_bytes <= stats.peak_arena_bytes, "the peak of arenas is a peak");
    CN_EXPECT(stats.heap_count >= named_heaps, "named heaps are counted");
}

void cn_model_check_heap_stats(struct cn_model *model, unsigned heap) {
    struct cn_model_heap *mine = &model->heaps[heap];
    struct cairn_stats stats;
    cairn_heap_stats_get(mine->handle, &stats);
    expect_sums(&stats);
    expect_blocks(model, &stats, mine->block_count, mine->asked_bytes, mine->usable_bytes);
    CN_EXPECT(stats.budget_bytes == mine->budget_bytes, "a heap knows its budget");
    CN_EXPECT(cn_model_allows(mine, stats.pool_bytes + stats.span_bytes), "a heap holds to its budget within one pool");
    CN_EXPECT(stats.pool_bytes + stats.span_bytes <= stats.peak_used_bytes, "the peak of a heap is a peak");
    CN_EXPECT(stats.peak_used_bytes >= mine->peak_bytes, "the peak of a heap stays");
    mine->peak_bytes = stats.peak_used_bytes;
}

static bool visit_none(void *block, size_t usable_bytes, void *argument) {
    (void)block;
    (void)usable_bytes;
    (void)argument;
    return false;
}

/* The debug form keeps what waits in quarantine. */
void cn_model_check_returned(const struct cn_model *model) {
    if (model->is_debug_form) {
        CN_EXPECT(cairn_walk(visit_none, NULL), "no block is left");
        return;
    }
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    CN_EXPECT(stats.block_count == 0, "no block is left");
    CN_EXPECT(stats.pool_bytes + stats.span_bytes == 0, "a trim leaves no pool without a block");
    CN_EXPECT(stats.resident_bytes == 0 || model->null_rule == CN_NULL_ANYTIME,
              "a trim leaves no memory without a block, unless the system refuses it");
    CN_EXPECT(stats.arena_bytes == 0 || model->null_rule == CN_NULL_ANYTIME,
              "a trim leaves no arena without a block, unless the system refuses it");
}

/* A block is resident with the pages on which it begins and ends. What a trim of one thread leaves of another's is not
 * known, but for what lies outside of its pools. */
void cn_model_check_trimmed(const struct cn_model *model) {
    enum { PAGES_AROUND_BYTES = 2 * 4096 };
    if (model->is_debug_form || model->null_rule == CN_NULL_ANYTIME) {
        return;
    }
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    size_t around = stats.block_count * PAGES_AROUND_BYTES;
    CN_EXPECT(stats.resident_bytes <= stats.pool_bytes + stats.span_bytes + (model->has_guarded ? around : 0),
              "a trim leaves memory in pools and spans alone");
    CN_EXPECT(model->has_crew || stats.resident_bytes <= stats.block_bytes + around,
              "a trim leaves the pages of blocks alone");
}

/* ---- walks --------------------------------------------------------------------------------------------------- */

struct walk {
    struct cn_model *model;
    struct cairn_heap *heap; /* that is walked; NULL: all */
    size_t visited;
    uintptr_t last;
};

static bool visit(void *block, size_t usable_bytes, void *argument) {
    struct walk *walk = argument;
    const struct cn_range *range = cn_ranges_find(&walk->model->ranges, block);
    /* Where memory is short some blocks are mappings of their own, which come last. */
    bool has_mappings = walk->model->null_rule == CN_NULL_ANYTIME || walk->model->has_guarded;
    CN_EXPECT((uintptr_t)block > walk->last || has_mappings, "a walk goes by address");
    walk->last = (uintptr_t)block;
    if (range == NULL) {
        CN_EXPECT(walk->model->is_debug_form, "a walk shows live blocks alone");
        return true;
    }
    struct cn_model_block *record = &walk->model->blocks[range->index];
    CN_EXPECT(!record->was_visited, "a walk shows no block twice");
    CN_EXPECT(record->usable_bytes == usable_bytes, "a walk tells a block's usable size");
    CN_EXPECT(walk->heap == NULL || walk->model->heaps[record->heap].handle == walk->heap,
              "the walk of a heap shows blocks of this heap");
    record->was_visited = true;
    walk->visited++;
    return true;
}

static void forget_visits(struct cn_model *model) {
    for (size_t i = 0; i < model->block_end; i++) {
        model->blocks[i].was_visited = false;
    }
}

static bool visit_one(void *block, size_t usable_bytes, void *argument) {
    size_t *visited = argument;
    (void)block;
    (void)usable_bytes;
    (*visited)++;
    return false;
}

void cn_model_check_walk(struct cn_model *model) {
    size_t visited = 0;
    size_t live = model->ranges.count;
    bool was_stopped = !cairn_walk(visit_one, &visited);
    CN_EXPECT(was_stopped == (live != 0) && visited == (live != 0), "a walk stops when its visitor says so");
    struct walk walk = {.model = model};
    CN_EXPECT(cairn_walk(visit, &walk), "a walk that is not stopped says so");
    CN_EXPECT(walk.visited == model->ranges.count, "a walk shows every live block");
    forget_visits(model);
}

void cn_model_check_heap_walk(struct cn_model *model, unsigned heap) {
    struct walk walk = {.model = model, .heap = model->heaps[heap].handle};
    CN_EXPECT(cairn_heap_walk(walk.heap, visit, &walk), "a walk that is not stopped says so");
    CN_EXPECT(walk.visited == model->heaps[heap].block_count, "the walk of a heap shows every live block of it");
    forget_visits(model);
}

static bool visit_and_free(void *block, size_t usable_bytes, void *argument) {
    struct walk *walk = argument;
    const struct cn_range *range = cn_ranges_find(&walk->model->ranges, block);
    (void)visit(block, usable_bytes, argument);
    if (range != NULL && range->index % 2 == 0) {
        cairn_free(cn_model_take(walk->model, range->index));
    }
    return true;
}

void cn_model_walk_and_free(struct cn_model *model) {
    struct walk walk = {.model = model};
    size_t live = model->ranges.count;
    CN_EXPECT(cairn_walk(visit_and_free, &walk), "a walk that is not stopped says so");
    CN_EXPECT(walk.visited == live, "a walk shows every live block, also where it frees some");
    forget_visits(model);
}
