/*
 * batches.c: workloads whose blocks are taken together and freed together: batches in three orders, trees, and the
 * requests of a server.
 */
#include "workload.h"

enum { BATCH_COUNT = 1000, ORDER_COUNT = 16 };

/* Orders in which a batch is freed: permutations of 0 .. BATCH_COUNT - 1. */
static uint16_t orders[ORDER_COUNT][BATCH_COUNT];

static void order_fill_lifo(uint16_t *order) {
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        order[i] = (uint16_t)(BATCH_COUNT - 1 - i);
    }
}

static void order_fill_fifo(uint16_t *order) {
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        order[i] = (uint16_t)i;
    }
}

static void order_fill_random(uint16_t *order) {
    static struct dice dice = {0xd1342543de82ef95u};
    order_fill_fifo(order);
    for (uint32_t i = BATCH_COUNT - 1; i > 0; i--) {
        uint32_t other = dice_below(&dice, i + 1);
        uint16_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void batch_once(struct cell *cells, const uint16_t *order, uint64_t turn) {
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        cell_fill(&cells[i], small_size(turn + i));
    }
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        cell_empty(&cells[order[i]]);
    }
}

/* The same loops for all orders, so that only the order differs. */
static void batch_of(struct run *run, void (*order_fill)(uint16_t *)) {
    static struct cell cells[BATCH_COUNT];
    for (size_t i = 0; i < ORDER_COUNT; i++) {
        order_fill(orders[i]);
    }
    uint64_t batches = (run->count + BATCH_COUNT - 1) / BATCH_COUNT;
    run->count = batches * BATCH_COUNT;
    run_begin(run);
    for (uint64_t i = 0; i < batches; i++) {
        batch_once(cells, orders[i % ORDER_COUNT], i * BATCH_COUNT);
    }
    run_end(run);
}

static void batch_lifo(struct run *run) { batch_of(run, order_fill_lifo); }

static void batch_fifo(struct run *run) { batch_of(run, order_fill_fifo); }

static void batch_random(struct run *run) { batch_of(run, order_fill_random); }

static void bare_batch_of(struct run *run, void (*order_fill)(uint16_t *)) {
    static void *blocks[BATCH_COUNT];
    order_fill(orders[0]);
    uint64_t batches = (run->count + BATCH_COUNT - 1) / BATCH_COUNT;
    run->count = batches * BATCH_COUNT;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn += BATCH_COUNT) {
        for (size_t i = 0; i < BATCH_COUNT; i++) {
            blocks[i] = malloc(small_size(turn + i));
        }
        for (size_t i = 0; i < BATCH_COUNT; i++) {
            free(blocks[orders[0][i]]);
        }
    }
    run_end(run);
}

static void bare_batch(struct run *run) { bare_batch_of(run, order_fill_lifo); }

static void bare_batch_random(struct run *run) { bare_batch_of(run, order_fill_random); }

/* ---- trees --------------------------------------------------------------------------------------------------- */

struct tree {
    struct tree *left;
    struct tree *right;
};

static struct tree *tree_grow(unsigned depth) {
    struct tree *tree = malloc(sizeof *tree);
    if (tree == NULL) {
        fail("out of memory");
    }
    tree->left = depth > 0 ? tree_grow(depth - 1) : NULL;
    tree->right = depth > 0 ? tree_grow(depth - 1) : NULL;
    return tree;
}

/* Frees the tree; returns its nodes. */
static uint64_t tree_fell(struct tree *tree) {
    uint64_t nodes = 1;
    if (tree->left != NULL) {
        nodes += tree_fell(tree->left) + tree_fell(tree->right);
    }
    free(tree);
    return nodes;
}

static uint64_t tree_turn(unsigned depth) {
    uint64_t nodes = tree_fell(tree_grow(depth));
    if (nodes != ((uint64_t)2 << depth) - 1) {
        fail("a tree has lost nodes");
    }
    return nodes;
}

/* Trees of depth 4 to 16 come and go beside one large tree that stays. */
static void binary_trees(struct run *run) {
    enum { KEPT_DEPTH = 17, LEAST_DEPTH = 4, MOST_DEPTH = 16 };
    struct tree *kept = tree_grow(KEPT_DEPTH);
    uint64_t done = 0;
    run_begin(run);
    for (unsigned depth = LEAST_DEPTH; done < run->count; depth = depth < MOST_DEPTH ? depth + 4 : LEAST_DEPTH) {
        uint64_t share = done + ((uint64_t)1 << MOST_DEPTH);
        while (done < share) {
            done += tree_turn(depth);
        }
    }
    run_end(run);
    run->count = done;
    tree_fell(kept);
}

/* ---- requests ------------------------------------------------------------------------------------------------ */

enum { REQUEST_COUNT = 128, SESSION_COUNT = 4096 };

/* A request takes 128 blocks in order. Every sixteenth goes to a session and stays until the session is replaced; the
 * others are freed when the request ends. */
static void request_serve(struct cell *sessions, uint64_t turn, struct dice *dice) {
    struct cell cells[REQUEST_COUNT];
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        cell_fill(&cells[i], program_size(turn + i));
    }
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        if (i % 16 == 0) {
            struct cell *session = &sessions[dice_below(dice, SESSION_COUNT)];
            cell_empty(session);
            *session = cells[i];
        } else {
            cell_empty(&cells[i]);
        }
    }
}

static void requests(struct run *run) {
    struct dice dice = {0xda942042e4dd58b5u};
    struct cell *sessions = table_map(SESSION_COUNT * sizeof *sessions);
    for (size_t i = 0; i < SESSION_COUNT; i++) {
        cell_fill(&sessions[i], program_size(i));
    }
    run->count = (run->count + REQUEST_COUNT - 1) / REQUEST_COUNT * REQUEST_COUNT;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn += REQUEST_COUNT) {
        request_serve(sessions, turn, &dice);
    }
    run_end(run);
    for (size_t i = 0; i < SESSION_COUNT; i++) {
        cell_empty(&sessions[i]);
    }
    table_unmap(sessions, SESSION_COUNT * sizeof *sessions);
}

const struct workload batch_workloads[] = {
    {"batch-lifo", "a block of 8-1024 B, 1,000 taken, freed last first", 15000000, batch_lifo},
    {"batch-fifo", "the same, freed first first", 15000000, batch_fifo},
    {"batch-random", "the same, freed in random order", 15000000, batch_random},
    {"binary-trees", "a node of trees that come and go", 15000000, binary_trees},
    {"requests", "a block of a request; one of 16 outlives it", 10000000, requests},
    {"bare-batch", "as batch-lifo, untouched", 15000000, bare_batch},
    {"bare-batch-random", "as batch-random, untouched", 15000000, bare_batch_random},
    {NULL, NULL, 0, NULL},
};
