#include "fuzz/leaks_due.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/expect.h"
#include "fuzz/json.h"
#include "fuzz/said.h"

enum { GROUPS_MAX = 2 * CN_GRAPH_SITES, WORDS_BYTES = 256 };

/* Lost blocks of a site that are lost in the same way. */
struct group {
    bool is_indirect;
    bool is_suppressed;
    size_t blocks; /* 0: there is none */
    size_t bytes;
    const struct cn_graph_node *first;
};

static bool is_lost(const struct cn_graph_node *node) {
    return node->fate == CN_FATE_LOST || node->fate == CN_FATE_LOST_INDIRECTLY;
}

static bool is_suppressed(const struct cn_leaks_setting *setting, unsigned site) {
    return setting->has_stacks && setting->has_names && (setting->suppressed >> site & 1) != 0;
}

size_t cn_leaks_due(const struct cn_graph *graph, const struct cn_leaks_setting *setting) {
    size_t count = 0;
    for (size_t i = 0; i < CN_GRAPH_NODES; i++) {
        count += is_lost(&graph->nodes[i]) && !is_suppressed(setting, graph->nodes[i].site) ? 1 : 0;
    }
    return count;
}

/* ---- groups -------------------------------------------------------------------------------------------------- */

static void add(struct group *group, const struct cn_graph_node *node) {
    group->blocks++;
    group->bytes += node->size;
    if (group->first == NULL || node->born < group->first->born) {
        group->first = node;
    }
}

/* Those of direct leaks first, then by bytes, then by who was first. */
static int compare(const void *one, const void *other) {
    const struct group *a = one;
    const struct group *b = other;
    if (a->blocks == 0 || b->blocks == 0) {
        return (a->blocks == 0) - (b->blocks == 0);
    }
    if (a->is_indirect != b->is_indirect) {
        return a->is_indirect - b->is_indirect;
    }
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return a->first->born < b->first->born ? -1 : 1;
}

static void make_groups(const struct cn_graph *graph, const struct cn_leaks_setting *setting,
                        struct group groups[GROUPS_MAX]) {
    memset(groups, 0, GROUPS_MAX * sizeof *groups);
    for (size_t i = 0; i < CN_GRAPH_NODES; i++) {
        const struct cn_graph_node *node = &graph->nodes[i];
        size_t site = setting->has_stacks ? node->site : 0;
        if (is_lost(node)) {
            struct group *group = &groups[2 * site + (node->fate == CN_FATE_LOST ? 0 : 1)];
            group->is_indirect = node->fate == CN_FATE_LOST_INDIRECTLY;
            group->is_suppressed = is_suppressed(setting, node->site);
            add(group, node);
        }
    }
    qsort(groups, GROUPS_MAX, sizeof *groups, compare);
}

/* ---- what is said of them ------------------------------------------------------------------------------------ */

/* `at` must start with the words. Returns what follows them. */
static const char *expect_words(const char *at, const char *words) {
    if (strncmp(at, words, strlen(words)) != 0) {
        fprintf(stderr, "said: %.*s\ndue: %s\n", WORDS_BYTES, at, words);
    }
    CN_EXPECT(strncmp(at, words, strlen(words)) == 0, "a group of leaks is described as it is");
    return at + strlen(words);
}

static void put_sentence(char words[WORDS_BYTES], const struct group *group) {
    (void)snprintf(words, WORDS_BYTES, "%zu byte%s in %zu block%s that %s", group->bytes, cn_said_plural(group->bytes),
                   group->blocks, cn_said_plural(group->blocks),
                   group->is_indirect ? "only other lost blocks point to" : "nothing points to");
}

static void expect_site(const char *at, const struct group *group) {
    char words[WORDS_BYTES];
    const char *next = strstr(at, "cairn: ");
    (void)snprintf(words, sizeof words, "allocate_%u", group->first->site);
    const char *found = strstr(at, words);
    CN_EXPECT(found != NULL && (next == NULL || found < next), "a leak says where its blocks are from");
}

static const char *expect_group(const char *at, const struct group *group, const struct cn_leaks_setting *setting) {
    char sentence[WORDS_BYTES];
    char words[3 * WORDS_BYTES];
    size_t size = group->first->size;
    put_sentence(sentence, group);
    (void)snprintf(words, sizeof words, "cairn: ERROR: leak: %s\n  %s%zu byte%s at 0x%" PRIxPTR ", serial ", sentence,
                   group->blocks == 1 ? "block      " : "the first  ", size, cn_said_plural(size),
                   cn_graph_address(group->first));
    at = expect_words(at, words);
    if (setting->has_stacks && setting->has_names) {
        expect_site(at, group);
    }
    const char *next = strstr(at, "\ncairn: ");
    CN_EXPECT(next != NULL, "a line sums up what is lost");
    return next + 1;
}

static const char *expect_group_json(const char *at, const struct group *group,
                                     const struct cn_leaks_setting *setting) {
    char sentence[WORDS_BYTES];
    const char *end = cn_json_end(at);
    CN_EXPECT(end != NULL && *end == '\n', "a leak as JSON is a line of JSON");
    put_sentence(sentence, group);
    const char *block = cn_json_member(at, "block");
    CN_EXPECT(cn_json_is_string(cn_json_member(at, "kind"), "leak"), "a leak says what it is");
    CN_EXPECT(cn_json_is_string(cn_json_member(at, "sentence"), sentence), "a leak's sentence is as in words");
    CN_EXPECT(cn_json_is_number(cn_json_member(at, "blocks"), group->blocks), "a leak has the number of its blocks");
    CN_EXPECT(cn_json_is_number(cn_json_member(at, "bytes"), group->bytes), "a leak has the sum of its bytes");
    CN_EXPECT(block != NULL && cn_json_is_hex(cn_json_member(block, "address"), cn_graph_address(group->first)) &&
                  cn_json_is_number(cn_json_member(block, "size"), group->first->size),
              "the block of a leak is the first of its group");
    if (setting->has_stacks && setting->has_names) {
        expect_site(at, group);
    }
    return end + 1;
}

static void expect_sum(const char *at, const struct group groups[GROUPS_MAX]) {
    struct group lost = {.blocks = 0};
    struct group passed_over = {.blocks = 0};
    size_t places = 0;
    char words[2 * WORDS_BYTES];
    for (size_t i = 0; i < GROUPS_MAX && groups[i].blocks > 0; i++) {
        struct group *sum = groups[i].is_suppressed ? &passed_over : &lost;
        sum->blocks += groups[i].blocks;
        sum->bytes += groups[i].bytes;
        places += groups[i].is_suppressed ? 0 : 1;
    }
    (void)snprintf(words, sizeof words, "cairn: %zu byte%s lost in %zu block%s, from %zu place%s", lost.bytes,
                   cn_said_plural(lost.bytes), lost.blocks, cn_said_plural(lost.blocks), places,
                   cn_said_plural(places));
    at = expect_words(at, words);
    if (passed_over.blocks > 0) {
        (void)snprintf(words, sizeof words, "; and %zu byte%s in %zu block%s that suppressions are for",
                       passed_over.bytes, cn_said_plural(passed_over.bytes), passed_over.blocks,
                       cn_said_plural(passed_over.blocks));
        at = expect_words(at, words);
    }
    CN_EXPECT(strcmp(at, "\n") == 0, "nothing follows the sum of leaks");
}

void cn_leaks_expect_said(const struct cn_graph *graph, const struct cn_leaks_setting *setting, const char *said) {
    struct group groups[GROUPS_MAX];
    make_groups(graph, setting, groups);
    const char *at = said;
    for (size_t i = 0; i < GROUPS_MAX && groups[i].blocks > 0; i++) {
        if (!groups[i].is_suppressed) {
            at = setting->is_json ? expect_group_json(at, &groups[i], setting) : expect_group(at, &groups[i], setting);
        }
    }
    if (!setting->is_json && groups[0].blocks > 0) {
        expect_sum(at, groups);
    } else {
        CN_EXPECT(*at == '\0', "nothing is said but what is lost");
    }
}
