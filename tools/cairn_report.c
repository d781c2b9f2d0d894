/*
 * cairn_report.c: the sums and the number formats that the explanation and the hints share.
 */
#include "tools/cairn_report.h"

#include <inttypes.h>
#include <string.h>

uint64_t cn_report_used_bytes_of(const struct cairn_class_stats *class_stats) {
    return class_stats->used_blocks * class_stats->block_bytes;
}

uint64_t cn_report_free_bytes_of(const struct cairn_class_stats *class_stats) {
    return class_stats->free_blocks * class_stats->block_bytes;
}

double cn_report_percent_of(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

uint64_t cn_report_difference_of(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

const char *cn_report_format_bytes(char text[CN_REPORT_NUMBER_BYTES], uint64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.95) {
        value /= 1024;
        unit++;
    }
    snprintf(text, CN_REPORT_NUMBER_BYTES, "%.*f %s", unit == 0 ? 0 : 1, value, units[unit]);
    return text;
}

const char *cn_report_format_count(char text[CN_REPORT_NUMBER_BYTES], uint64_t count) {
    char digits[CN_REPORT_NUMBER_BYTES];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t end = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[end++] = ',';
        }
        text[end++] = digits[i];
    }
    text[end] = '\0';
    return text;
}
