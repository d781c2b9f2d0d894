/*
 * cairn_report_explain.c: the stats as a sum that runs from what the program asked for to what the system gave, then
 * what is beside that sum, then a table of the size classes.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "tools/cairn_report.h"

enum { BAR_WIDTH = 32 };

/* One line of the sum: sign, name, bytes, explanation. */
__attribute__((format(printf, 5, 6))) static void line(FILE *output, char sign, const char *name, uint64_t bytes,
                                                       const char *format, ...) {
    char number[CN_REPORT_NUMBER_BYTES];
    fprintf(output, "%c %-17s %11s   ", sign, name, cn_report_format_bytes(number, bytes));
    va_list arguments;
    va_start(arguments, format);
    vfprintf(output, format, arguments);
    va_end(arguments);
    fputc('\n', output);
}

/* Waste inside blocks. */
static void explain_request(const struct cairn_stats *stats, FILE *output) {
    if (stats->requested_bytes == UINT64_MAX) {
        fputs("  asked for         not counted   the option stats=1 counts it\n", output);
        return;
    }
    uint64_t rounding = cn_report_difference_of(stats->block_bytes, stats->requested_bytes);
    line(output, ' ', "asked for", stats->requested_bytes, "the sizes that the program named for its live blocks");
    line(output, '+', "rounding", rounding, "%.1f %% of blocks: waste inside them, from rounding up to a size class",
         cn_report_percent_of(rounding, stats->block_bytes));
}

static void explain_blocks(const struct cairn_stats *stats, FILE *output) {
    char count[CN_REPORT_NUMBER_BYTES];
    uint64_t average = stats->block_count == 0 ? 0 : stats->block_bytes / stats->block_count;
    line(output, stats->requested_bytes == UINT64_MAX ? ' ' : '=', "blocks", stats->block_bytes,
         "%s live blocks of %" PRIu64 " bytes on average", cn_report_format_count(count, stats->block_count), average);
}

/* Waste around blocks. */
static void explain_pools(const struct cairn_stats *stats, FILE *output) {
    char pools[CN_REPORT_NUMBER_BYTES];
    char spans[CN_REPORT_NUMBER_BYTES];
    uint64_t used = stats->pool_bytes + stats->span_bytes;
    line(output, '+', "free blocks", stats->free_bytes,
         "%.1f %% of pools and spans: waste around blocks, ready for the next malloc",
         cn_report_percent_of(stats->free_bytes, used));
    line(output, '+', "slack", stats->slack_bytes, "%.1f %%: ends of pools too short for a block",
         cn_report_percent_of(stats->slack_bytes, used));
    line(output, '=', "pools and spans", used, "%s in pools, %s in spans (blocks too large for a pool)",
         cn_report_format_bytes(pools, stats->pool_bytes), cn_report_format_bytes(spans, stats->span_bytes));
}

static void explain_arenas(const struct cairn_stats *stats, FILE *output) {
    uint64_t unused = cn_report_difference_of(stats->arena_bytes, stats->pool_bytes + stats->span_bytes);
    line(output, '+', "free slots", unused, "%.1f %% of arenas: not part of a pool or span now",
         cn_report_percent_of(unused, stats->arena_bytes));
    line(output, '=', "arenas", stats->arena_bytes, "address space taken from the system");
}

static void explain_system(const struct cairn_stats *stats, FILE *output) {
    char count[CN_REPORT_NUMBER_BYTES];
    line(output, ' ', "resident", stats->resident_bytes, "%.1f %% of arenas are in memory",
         cn_report_percent_of(stats->resident_bytes, stats->arena_bytes));
    line(output, ' ', "metadata", stats->metadata_bytes,
         "%.1f %% of the peak of arenas: the allocator's own tables in memory",
         cn_report_percent_of(stats->metadata_bytes, stats->peak_arena_bytes));
    line(output, ' ', "purged", stats->purged_bytes, "given back to the system since the start, each time counted");
    line(output, ' ', "peak in use", stats->peak_used_bytes, "most that pools and spans held; %.1f %% of that now",
         cn_report_percent_of(stats->pool_bytes + stats->span_bytes, stats->peak_used_bytes));
    line(output, ' ', "peak of arenas", stats->peak_arena_bytes, "%.1f %% of that now",
         cn_report_percent_of(stats->arena_bytes, stats->peak_arena_bytes));
    fprintf(output, "  %-17s %11s   of threads, named, and waiting for a thread\n", "heaps",
            cn_report_format_count(count, stats->heap_count));
}

static uint64_t memory_of(const struct cairn_class_stats *class_stats) {
    return cn_report_used_bytes_of(class_stats) + cn_report_free_bytes_of(class_stats);
}

static uint64_t largest_memory_of(const struct cn_report *report) {
    uint64_t largest = 1;
    for (size_t i = 0; i < report->class_count; i++) {
        uint64_t memory = memory_of(&report->stats.classes[i]);
        largest = memory > largest ? memory : largest;
    }
    return largest;
}

/* At most BAR_WIDTH, also where figures that cannot be are read from a file. */
static int width_of(uint64_t memory, uint64_t largest) {
    double share = (double)memory / (double)largest;
    return (int)(BAR_WIDTH * (share < 1 ? share : 1) + 0.5);
}

/* The class's memory in proportion to the largest class's: `#` is used, `.` is free. What is there shows. */
static void draw_bar(const struct cairn_class_stats *class_stats, uint64_t largest, FILE *output) {
    uint64_t used = cn_report_used_bytes_of(class_stats);
    int used_width = width_of(used, largest);
    int width = width_of(memory_of(class_stats), largest);
    if (used > 0 && used_width == 0) {
        used_width = 1;
    }
    for (int i = 0; i < width || i < used_width; i++) {
        fputc(i < used_width ? '#' : '.', output);
    }
    fputc('\n', output);
}

static void explain_class(const struct cairn_class_stats *class_stats, uint64_t largest, FILE *output) {
    char pools[CN_REPORT_NUMBER_BYTES];
    char used[CN_REPORT_NUMBER_BYTES];
    char idle[CN_REPORT_NUMBER_BYTES];
    char memory[CN_REPORT_NUMBER_BYTES];
    double used_percent = cn_report_percent_of(cn_report_used_bytes_of(class_stats), memory_of(class_stats));
    fprintf(output, "%9" PRIu64 " %9s %13s %13s %11s %6.1f %%  ", class_stats->block_bytes,
            cn_report_format_count(pools, class_stats->pools), cn_report_format_count(used, class_stats->used_blocks),
            cn_report_format_count(idle, class_stats->free_blocks),
            cn_report_format_bytes(memory, memory_of(class_stats)), used_percent);
    draw_bar(class_stats, largest, output);
}

static void explain_classes(const struct cn_report *report, FILE *output) {
    if (report->class_count == 0) {
        fputs("No size class has a pool.\n", output);
        return;
    }
    fputs("Size classes (the bar is the memory of their blocks: # used, . free)\n", output);
    fprintf(output, "%9s %9s %13s %13s %11s %8s\n", "block", "pools", "used blocks", "free blocks", "memory", "used");
    uint64_t largest = largest_memory_of(report);
    for (size_t i = 0; i < report->class_count; i++) {
        explain_class(&report->stats.classes[i], largest, output);
    }
}

void cn_report_explain(const struct cn_report *report, FILE *output) {
    fprintf(output, "Cairn %s, %s form, process %" PRIu64 "\n\n", report->version, report->form, report->pid);
    explain_request(&report->stats, output);
    explain_blocks(&report->stats, output);
    explain_pools(&report->stats, output);
    explain_arenas(&report->stats, output);
    fputc('\n', output);
    explain_system(&report->stats, output);
    fputc('\n', output);
    explain_classes(report, output);
    fputc('\n', output);
}
