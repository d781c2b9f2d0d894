/*
 * cairn_report.h: the stats of a process as the library writes them in JSON (cairn_stats_print_json, the option
 * stats_json), and what the tool has to say about them.
 */
#ifndef CAIRN_REPORT_H
#define CAIRN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "alloc/cairn.h"

struct cn_report {
    char version[32];
    char form[32];
    uint64_t pid;
    size_t class_count; /* the first so many of stats.classes are filled, as they came */
    struct cairn_stats stats;
};

/* Reads one JSON object. False after a message on standard error that starts with `who` and names the file. */
bool cn_report_read(struct cn_report *report, FILE *file, const char *file_name, const char *who);

/* Writes the explanation for people. */
void cn_report_explain(const struct cn_report *report, FILE *output);

/* Writes what stands out, a line each. */
void cn_report_hint(const struct cn_report *report, FILE *output);

/* A class's blocks that are live, or not, in bytes. */
uint64_t cn_report_used_bytes_of(const struct cairn_class_stats *class_stats);
uint64_t cn_report_free_bytes_of(const struct cairn_class_stats *class_stats);

/* part / whole in percent; 0 where whole is 0. */
double cn_report_percent_of(uint64_t part, uint64_t whole);

/* a - b, or 0 where that is negative: a snapshot of a running program may be uneven. */
uint64_t cn_report_difference_of(uint64_t a, uint64_t b);

enum { CN_REPORT_NUMBER_BYTES = 32 };

/* "12.5 MiB"; returns `text`. */
const char *cn_report_format_bytes(char text[CN_REPORT_NUMBER_BYTES], uint64_t bytes);

/* "1,234,567"; returns `text`. */
const char *cn_report_format_count(char text[CN_REPORT_NUMBER_BYTES], uint64_t count);

#endif
