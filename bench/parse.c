/*
 * parse.c: the mixed lifetimes of a parser. A token's text lives until a few tokens later; a node of the tree lives as
 * long as its document, and its list of children grows by realloc; a name that is new goes into a table and lives as
 * long as a few documents. Documents end whole: first the tree, children before parents, then what tokens are left.
 */
#include "workload.h"

#include <string.h>

enum {
    TOKEN_WINDOW = 4,     /* tokens that a parser looks back and ahead */
    NAME_COUNT = 512,     /* names in the table */
    DOCUMENT_COUNT = 500, /* tokens of a document */
    DEPTH_MOST = 12,
    FIRST_CAPACITY = 2,
};

struct node {
    struct node **children; /* grown by realloc */
    uint32_t count;
    uint32_t capacity;
    const struct cell *name;
    unsigned char payload[8];
};

struct parser {
    struct dice dice;
    struct cell tokens[TOKEN_WINDOW];
    struct cell names[NAME_COUNT];
    struct node *open[DEPTH_MOST]; /* from the root to the node that is being filled */
    uint32_t depth;
};

static struct node *node_make(const struct cell *name) {
    struct node *node = (struct node *)calloc(1, sizeof *node);
    if (node == NULL) {
        fail("out of memory");
    }
    node->name = name;
    return node;
}

static void node_append(struct node *parent, struct node *child) {
    if (parent->count == parent->capacity) {
        parent->capacity = parent->capacity == 0 ? FIRST_CAPACITY : parent->capacity * 2;
        parent->children = (struct node **)realloc(parent->children, parent->capacity * sizeof(struct node *));
        if (parent->children == NULL) {
            fail("out of memory");
        }
    }
    parent->children[parent->count++] = child;
}

/* Frees the tree; returns its nodes. */
static uint64_t node_end(struct node *node) {
    uint64_t count = 1;
    for (uint32_t i = 0; i < node->count; i++) {
        count += node_end(node->children[i]);
    }
    free(node->children);
    free(node);
    return count;
}

/* Reads a token in the place of an old one: its text is a block of 1 to 40 bytes. */
static void token_read(struct parser *parser, uint64_t turn) {
    cell_replace(&parser->tokens[turn % TOKEN_WINDOW], 1 + dice_below(&parser->dice, 40));
}

/* One of sixteen names was not seen before: a copy of it takes the place of one that is no longer used. */
static const struct cell *name_intern(struct parser *parser) {
    struct cell *name = &parser->names[dice_below(&parser->dice, NAME_COUNT)];
    if (dice_below(&parser->dice, 16) == 0) {
        cell_replace(name, 8 + dice_below(&parser->dice, 57));
    }
    return name;
}

/* Half of the tokens make a node; some of these open a level, and some tokens close one. */
static uint64_t token_use(struct parser *parser) {
    uint32_t roll = dice_below(&parser->dice, 16);
    if (roll < 8) {
        struct node *node = node_make(name_intern(parser));
        node_append(parser->open[parser->depth], node);
        if (roll < 3 && parser->depth + 1 < DEPTH_MOST) {
            parser->open[++parser->depth] = node;
        }
        return 1;
    }
    if (roll < 11 && parser->depth > 0) {
        parser->depth--;
    }
    return 0;
}

static void document_parse(struct parser *parser, uint64_t turn) {
    uint64_t nodes = 1;
    parser->depth = 0;
    parser->open[0] = node_make(&parser->names[0]);
    for (uint64_t i = 0; i < DOCUMENT_COUNT; i++) {
        token_read(parser, turn + i);
        nodes += token_use(parser);
    }
    if (node_end(parser->open[0]) != nodes) {
        fail("a document has lost nodes");
    }
}

static void parse(struct run *run) {
    static struct parser parser;
    parser.dice.state = 0x94d049bb133111ebu;
    for (size_t i = 0; i < TOKEN_WINDOW; i++) {
        cell_fill(&parser.tokens[i], 8);
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        cell_fill(&parser.names[i], 8 + i % 57);
    }
    run->count = (run->count + DOCUMENT_COUNT - 1) / DOCUMENT_COUNT * DOCUMENT_COUNT;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn += DOCUMENT_COUNT) {
        document_parse(&parser, turn);
    }
    run_end(run);
    for (size_t i = 0; i < TOKEN_WINDOW; i++) {
        cell_empty(&parser.tokens[i]);
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        cell_empty(&parser.names[i]);
    }
}

const struct workload parse_workloads[] = {
    {"parse", "a token of a document; its nodes live as long as it", 8000000, parse},
    {NULL, NULL, 0, NULL},
};
