/*
 * cairn_report_hint.c: what stands out in the stats, and what can be done about it. Each hint is a function that writes
 * its lines if there is something to say, and returns whether there was.
 */
#include <inttypes.h>

#include "tools/cairn_report.h"

/* From what share on a thing is worth a line, in percent. */
enum {
    PERCENT_MOST = 40,     /* of all blocks in one size class, or in spans */
    PERCENT_IDLE = 25,     /* of resident memory without a live block */
    PERCENT_ROUNDING = 15, /* of blocks lost to rounding */
    PERCENT_SPARSE = 25,   /* a class's blocks that are used, at most */
    PERCENT_METADATA = 25, /* of the peak; the counts of what was asked for are half of that */
    PERCENT_OFF_PEAK = 50, /* of the peak that is in use now, at most */
};

/* Shares of less memory than this are not worth a line. */
static const uint64_t bytes_worth_a_hint = UINT64_C(1) << 20;

/* The largest class by live memory; NULL if there is none. */
static const struct cairn_class_stats *largest_class_of(const struct cn_report *report) {
    const struct cairn_class_stats *largest = NULL;
    for (size_t i = 0; i < report->class_count; i++) {
        const struct cairn_class_stats *candidate = &report->stats.classes[i];
        if (largest == NULL || cn_report_used_bytes_of(candidate) > cn_report_used_bytes_of(largest)) {
            largest = candidate;
        }
    }
    return largest;
}

static bool hint_of_largest_class(const struct cn_report *report, FILE *output) {
    const struct cairn_class_stats *largest = largest_class_of(report);
    if (largest == NULL) {
        return false;
    }
    uint64_t bytes = cn_report_used_bytes_of(largest);
    double percent = cn_report_percent_of(bytes, report->stats.block_bytes);
    if (percent < PERCENT_MOST) {
        return false;
    }
    char number[CN_REPORT_NUMBER_BYTES];
    fprintf(output, "- Most memory is in class %" PRIu64 ": %s, %.1f %% of all blocks.\n", largest->block_bytes,
            cn_report_format_bytes(number, bytes), percent);
    return true;
}

static bool hint_of_spans(const struct cn_report *report, FILE *output) {
    double percent = cn_report_percent_of(report->stats.span_bytes, report->stats.block_bytes);
    if (percent < PERCENT_MOST) {
        return false;
    }
    fprintf(output, "- %.1f %% of all blocks' memory is in spans, blocks too large for a pool.\n", percent);
    return true;
}

static bool hint_of_idle_memory(const struct cn_report *report, FILE *output) {
    const struct cairn_stats *stats = &report->stats;
    uint64_t idle = cn_report_difference_of(stats->resident_bytes, stats->block_bytes);
    double percent = cn_report_percent_of(idle, stats->resident_bytes);
    if (idle < bytes_worth_a_hint || percent < PERCENT_IDLE) {
        return false;
    }
    char number[CN_REPORT_NUMBER_BYTES];
    fprintf(output,
            "- %.1f %% of resident memory (%s) holds no live block: cairn_trim() or malloc_trim(0) gives back\n"
            "  what of it fills whole pages.\n",
            percent, cn_report_format_bytes(number, idle));
    return true;
}

static bool hint_of_sparse_class(const struct cairn_class_stats *class_stats, FILE *output) {
    uint64_t used = cn_report_used_bytes_of(class_stats);
    uint64_t idle = cn_report_free_bytes_of(class_stats);
    double percent = cn_report_percent_of(used, used + idle);
    if (idle < bytes_worth_a_hint || percent > PERCENT_SPARSE) {
        return false;
    }
    char used_number[CN_REPORT_NUMBER_BYTES];
    char idle_number[CN_REPORT_NUMBER_BYTES];
    fprintf(output, "- Class %" PRIu64 " is sparse: %s of live blocks keep %s of free ones in their pools.\n",
            class_stats->block_bytes, cn_report_format_bytes(used_number, used),
            cn_report_format_bytes(idle_number, idle));
    return true;
}

static bool hint_of_sparse_classes(const struct cn_report *report, FILE *output) {
    bool is_said = false;
    for (size_t i = 0; i < report->class_count; i++) {
        is_said |= hint_of_sparse_class(&report->stats.classes[i], output);
    }
    return is_said;
}

static bool hint_of_rounding(const struct cn_report *report, FILE *output) {
    const struct cairn_stats *stats = &report->stats;
    if (stats->requested_bytes == UINT64_MAX) {
        return false;
    }
    uint64_t rounding = cn_report_difference_of(stats->block_bytes, stats->requested_bytes);
    double percent = cn_report_percent_of(rounding, stats->block_bytes);
    if (rounding < bytes_worth_a_hint || percent < PERCENT_ROUNDING) {
        return false;
    }
    fprintf(output, "- Rounding takes %.1f %% of blocks: many requests lie just above the size of a class.\n", percent);
    return true;
}

static bool hint_of_metadata(const struct cn_report *report, FILE *output) {
    const struct cairn_stats *stats = &report->stats;
    double percent = cn_report_percent_of(stats->metadata_bytes, stats->peak_used_bytes);
    if (stats->metadata_bytes < bytes_worth_a_hint || percent < PERCENT_METADATA) {
        return false;
    }
    fprintf(output, "- The allocator's tables are %.1f %% of the peak: blocks are spread over many addresses.\n",
            percent);
    return true;
}

static bool hint_of_peak(const struct cn_report *report, FILE *output) {
    const struct cairn_stats *stats = &report->stats;
    double percent = cn_report_percent_of(stats->pool_bytes + stats->span_bytes, stats->peak_used_bytes);
    if (stats->peak_used_bytes < bytes_worth_a_hint || percent > PERCENT_OFF_PEAK) {
        return false;
    }
    fprintf(output, "- The peak is over: %.1f %% of it is in use now.\n", percent);
    return true;
}

static uint64_t class_bytes_of(const struct cn_report *report,
                               uint64_t (*bytes_of)(const struct cairn_class_stats *class_stats)) {
    uint64_t sum = 0;
    for (size_t i = 0; i < report->class_count; i++) {
        sum += bytes_of(&report->stats.classes[i]);
    }
    return sum;
}

/* The sums that struct cairn_stats promises of a program at rest. */
static bool hint_of_sums(const struct cn_report *report, FILE *output) {
    const struct cairn_stats *stats = &report->stats;
    uint64_t used = stats->pool_bytes + stats->span_bytes;
    bool agree = stats->block_bytes == stats->span_bytes + class_bytes_of(report, cn_report_used_bytes_of) &&
                 stats->free_bytes == class_bytes_of(report, cn_report_free_bytes_of) &&
                 stats->block_bytes + stats->free_bytes + stats->slack_bytes == used && used <= stats->arena_bytes;
    if (agree) {
        return false;
    }
    fputs("- The sums do not agree, as when other threads were at work while the figures were taken: read them as\n"
          "  approximate.\n",
          output);
    return true;
}

typedef bool hint_fn(const struct cn_report *report, FILE *output);

static hint_fn *const hints[] = {
    hint_of_sums,           hint_of_largest_class, hint_of_spans,    hint_of_idle_memory,
    hint_of_sparse_classes, hint_of_rounding,      hint_of_metadata, hint_of_peak,
};

enum { HINT_COUNT = sizeof hints / sizeof hints[0] };

void cn_report_hint(const struct cn_report *report, FILE *output) {
    fputs("What stands out\n", output);
    bool is_said = false;
    for (size_t i = 0; i < HINT_COUNT; i++) {
        is_said |= hints[i](report, output);
    }
    if (!is_said) {
        fputs("- Nothing.\n", output);
    }
}
