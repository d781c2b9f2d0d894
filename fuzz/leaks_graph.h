/*
 * leaks_graph.h: blocks that point to each other, what points to them from outside, and which of them are lost, as the
 * harness's own search has it. The graph's addresses are kept changed, so that it points to nothing itself.
 */
#ifndef CAIRN_FUZZ_LEAKS_GRAPH_H
#define CAIRN_FUZZ_LEAKS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CN_GRAPH_NODES = 48,
    CN_GRAPH_WORDS = 4,  /* pointers that a block holds, as far as it is large enough */
    CN_GRAPH_SITES = 6,  /* places that allocate */
    CN_GRAPH_PLACES = 9, /* kinds of memory outside of blocks */
};

/* Memory outside of blocks that holds pointers: two words of each. */
enum cn_graph_place {
    CN_PLACE_GLOBAL,
    CN_PLACE_THREAD_LOCAL,
    CN_PLACE_STACK,
    CN_PLACE_MAPPED,
    CN_PLACE_C_LIBRARY, /* a block of its malloc */
    CN_PLACE_OTHER_STACK,
    CN_PLACE_OTHER_THREAD_LOCAL,
    CN_PLACE_READ_ONLY,   /* by now: what was written before counts */
    CN_PLACE_SHARED_FILE, /* no root */
};
enum { CN_PLACE_WORDS = 2, CN_NO_NODE = 255 };

/* A pointer, by what it means. */
enum cn_graph_pointer {
    CN_POINTER_START,
    CN_POINTER_INSIDE,
    CN_POINTER_LAST,   /* byte */
    CN_POINTER_END,    /* one past the last: none of the block's */
    CN_POINTER_BEFORE, /* its start: likewise */
    CN_POINTER_KINDS
};

struct cn_graph_link {
    uint8_t node; /* CN_NO_NODE: none */
    bool counts;  /* it is an address of the node's */
};

enum cn_graph_fate { CN_FATE_NONE, CN_FATE_REACHED, CN_FATE_LOST, CN_FATE_LOST_INDIRECTLY };

struct cn_graph_node {
    uintptr_t hidden; /* its address, changed; 0: there is none */
    size_t size;
    unsigned site;
    unsigned born;
    struct cn_graph_link links[CN_GRAPH_WORDS];
    enum cn_graph_fate fate;
};

struct cn_graph {
    struct cn_graph_node nodes[CN_GRAPH_NODES];
    struct cn_graph_link roots[CN_GRAPH_PLACES][CN_PLACE_WORDS];
    volatile uintptr_t *places[CN_GRAPH_PLACES]; /* where their words are; NULL: not there */
    unsigned births;
};

/* No node, and no word of a root holds anything. The places stay. */
void cn_graph_clear(struct cn_graph *graph);

/* The block at `start`, which the site has just made, becomes the node, which there was not. */
void cn_graph_add(struct cn_graph *graph, size_t node, void *start, size_t size, unsigned site);
/* The node's block, which is about to be freed; NULL: there is none. */
void *cn_graph_take(struct cn_graph *graph, size_t node);

/* A node that is there: the number `which` of these, counted round. Some number where none is. */
size_t cn_graph_pick(const struct cn_graph *graph, size_t which);

/* Has a word of the node, or of the place, hold a pointer to `to`; an empty one where there is no such. */
void cn_graph_link(struct cn_graph *graph, size_t from, size_t word, size_t to, enum cn_graph_pointer kind);
void cn_graph_root(struct cn_graph *graph, enum cn_graph_place place, size_t word, size_t to,
                   enum cn_graph_pointer kind);

/* Finds the fate of every node. */
void cn_graph_search(struct cn_graph *graph);

uintptr_t cn_graph_address(const struct cn_graph_node *node);

#endif
