#include "fuzz/leaks_graph.h"

#include <string.h>

#include "fuzz/expect.h"

/* Of an address that is changed by this no bit pattern is one that a process can have. */
#define HIDE UINT64_C(0xA5A5000000000000)

uintptr_t cn_graph_address(const struct cn_graph_node *node) { return node->hidden ^ HIDE; }

static const struct cn_graph_link no_link = {.node = CN_NO_NODE};

static bool is_there(const struct cn_graph *graph, size_t node) { return graph->nodes[node].hidden != 0; }

size_t cn_graph_pick(const struct cn_graph *graph, size_t which) {
    size_t there[CN_GRAPH_NODES] = {0};
    size_t count = 0;
    for (size_t node = 0; node < CN_GRAPH_NODES; node++) {
        if (is_there(graph, node)) {
            there[count++] = node;
        }
    }
    return there[which % (count != 0 ? count : 1)];
}

void cn_graph_clear(struct cn_graph *graph) {
    memset(graph->nodes, 0, sizeof graph->nodes);
    graph->births = 0;
    for (size_t place = 0; place < CN_GRAPH_PLACES; place++) {
        for (size_t word = 0; word < CN_PLACE_WORDS; word++) {
            graph->roots[place][word] = no_link;
            if (graph->places[place] != NULL) {
                graph->places[place][word] = 0;
            }
        }
    }
}

void cn_graph_add(struct cn_graph *graph, size_t node, void *start, size_t size, unsigned site) {
    graph->nodes[node] =
        (struct cn_graph_node){.hidden = (uintptr_t)start ^ HIDE, .size = size, .site = site, .born = graph->births++};
    for (size_t word = 0; word < CN_GRAPH_WORDS; word++) {
        graph->nodes[node].links[word] = no_link;
    }
}

/* What points to it points to nothing. */
void *cn_graph_take(struct cn_graph *graph, size_t node) {
    void *start = is_there(graph, node) ? (void *)cn_graph_address(&graph->nodes[node]) : NULL; // NOLINT: it was one
    graph->nodes[node].hidden = 0;
    for (size_t i = 0; i < CN_GRAPH_NODES * CN_GRAPH_WORDS; i++) {
        struct cn_graph_link *link = &graph->nodes[i / CN_GRAPH_WORDS].links[i % CN_GRAPH_WORDS];
        link->counts = link->counts && link->node != node;
    }
    for (size_t i = 0; i < (size_t)CN_GRAPH_PLACES * CN_PLACE_WORDS; i++) {
        struct cn_graph_link *root = &graph->roots[i / CN_PLACE_WORDS][i % CN_PLACE_WORDS];
        root->counts = root->counts && root->node != node;
    }
    return start;
}

/* ---- pointers ------------------------------------------------------------------------------------------------ */

static uintptr_t pointer_to(const struct cn_graph_node *node, enum cn_graph_pointer kind) {
    uintptr_t start = cn_graph_address(node);
    switch (kind) {
    case CN_POINTER_INSIDE:
        return start + node->size / 2;
    case CN_POINTER_LAST:
        return start + (node->size != 0 ? node->size - 1 : 0);
    case CN_POINTER_END:
        return start + (node->size != 0 ? node->size : 1);
    case CN_POINTER_BEFORE:
        return start - 1;
    default:
        return start;
    }
}

static struct cn_graph_link link_to(const struct cn_graph *graph, size_t to, enum cn_graph_pointer kind,
                                    volatile uintptr_t *word) {
    bool is_one = is_there(graph, to);
    *word = is_one ? pointer_to(&graph->nodes[to], kind) : 0;
    return (struct cn_graph_link){.node = (uint8_t)(is_one ? to : CN_NO_NODE),
                                  .counts = is_one && kind != CN_POINTER_END && kind != CN_POINTER_BEFORE};
}

void cn_graph_link(struct cn_graph *graph, size_t from, size_t word, size_t to, enum cn_graph_pointer kind) {
    struct cn_graph_node *node = &graph->nodes[from];
    if (is_there(graph, from) && (word + 1) * sizeof(uintptr_t) <= node->size) {
        volatile uintptr_t *words = (volatile uintptr_t *)cn_graph_address(node); // NOLINT: it was a pointer
        node->links[word] = link_to(graph, to, kind, words + word);
    }
}

void cn_graph_root(struct cn_graph *graph, enum cn_graph_place place, size_t word, size_t to,
                   enum cn_graph_pointer kind) {
    if (graph->places[place] != NULL) {
        graph->roots[place][word] = link_to(graph, to, kind, graph->places[place] + word);
    }
}

/* ---- the search ---------------------------------------------------------------------------------------------- */

static bool is_root(enum cn_graph_place place) { return place != CN_PLACE_SHARED_FILE; }

/* Marks what the link leads to, and what that leads to. */
static void reach(struct cn_graph *graph, struct cn_graph_link link) {
    if (!link.counts || graph->nodes[link.node].fate == CN_FATE_REACHED) {
        return;
    }
    graph->nodes[link.node].fate = CN_FATE_REACHED;
    for (size_t word = 0; word < CN_GRAPH_WORDS; word++) {
        reach(graph, graph->nodes[link.node].links[word]);
    }
}

/* Of the lost ones, those that another lost one points to. */
static void point(struct cn_graph *graph, size_t from) {
    for (size_t word = 0; word < CN_GRAPH_WORDS; word++) {
        struct cn_graph_link link = graph->nodes[from].links[word];
        if (link.counts && link.node != from && graph->nodes[link.node].fate != CN_FATE_REACHED) {
            graph->nodes[link.node].fate = CN_FATE_LOST_INDIRECTLY;
        }
    }
}

void cn_graph_search(struct cn_graph *graph) {
    for (size_t i = 0; i < CN_GRAPH_NODES; i++) {
        graph->nodes[i].fate = is_there(graph, i) ? CN_FATE_LOST : CN_FATE_NONE;
    }
    for (size_t i = 0; i < (size_t)CN_GRAPH_PLACES * CN_PLACE_WORDS; i++) {
        if (is_root((enum cn_graph_place)(i / CN_PLACE_WORDS))) {
            reach(graph, graph->roots[i / CN_PLACE_WORDS][i % CN_PLACE_WORDS]);
        }
    }
    for (size_t i = 0; i < CN_GRAPH_NODES; i++) {
        if (graph->nodes[i].fate == CN_FATE_LOST || graph->nodes[i].fate == CN_FATE_LOST_INDIRECTLY) {
            point(graph, i);
        }
    }
}
