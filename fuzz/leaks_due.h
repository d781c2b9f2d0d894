/*
 * leaks_due.h: what a search for leaks must say, by the harness's own search (leaks_graph.h): how many blocks, which
 * groups in which order, and which are passed over.
 */
#ifndef CAIRN_FUZZ_LEAKS_DUE_H
#define CAIRN_FUZZ_LEAKS_DUE_H

#include "fuzz/leaks_graph.h"

/* How searches are made and reported. */
struct cn_leaks_setting {
    bool has_stacks; /* else all blocks are of one place */
    bool has_names;  /* of functions; else no suppression fits */
    bool is_json;
    uint8_t suppressed; /* a bit for each site, where there are stacks */
};

/* How many blocks the search is to return, of a graph that was searched. */
size_t cn_leaks_due(const struct cn_graph *graph, const struct cn_leaks_setting *setting);

/* What it printed must be what is due. */
void cn_leaks_expect_said(const struct cn_graph *graph, const struct cn_leaks_setting *setting, const char *said);

#endif
