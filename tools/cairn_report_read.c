/*
 * cairn_report_read.c: from JSON to struct cn_report. Members that are not known are passed over, so that a newer
 * library's file can be read; those that are known have to be there.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "tools/cairn_report.h"
#include "tools/cairn_say.h"

struct field {
    const char *name;
    size_t offset;
};

static const struct field stats_fields[] = {
    {"block_count", offsetof(struct cairn_stats, block_count)},
    {"block_bytes", offsetof(struct cairn_stats, block_bytes)},
    {"free_bytes", offsetof(struct cairn_stats, free_bytes)},
    {"slack_bytes", offsetof(struct cairn_stats, slack_bytes)},
    {"pool_bytes", offsetof(struct cairn_stats, pool_bytes)},
    {"span_bytes", offsetof(struct cairn_stats, span_bytes)},
    {"arena_bytes", offsetof(struct cairn_stats, arena_bytes)},
    {"resident_bytes", offsetof(struct cairn_stats, resident_bytes)},
    {"purged_bytes", offsetof(struct cairn_stats, purged_bytes)},
    {"metadata_bytes", offsetof(struct cairn_stats, metadata_bytes)},
    {"peak_used_bytes", offsetof(struct cairn_stats, peak_used_bytes)},
    {"peak_arena_bytes", offsetof(struct cairn_stats, peak_arena_bytes)},
    {"heap_count", offsetof(struct cairn_stats, heap_count)},
};

static const struct field class_fields[] = {
    {"block_bytes", offsetof(struct cairn_class_stats, block_bytes)},
    {"pools", offsetof(struct cairn_class_stats, pools)},
    {"used_blocks", offsetof(struct cairn_class_stats, used_blocks)},
    {"free_blocks", offsetof(struct cairn_class_stats, free_blocks)},
};

enum {
    STATS_FIELD_COUNT = sizeof stats_fields / sizeof stats_fields[0],
    CLASS_FIELD_COUNT = sizeof class_fields / sizeof class_fields[0],
};

/* What is being read, for messages. */
struct source {
    const char *who;
    const char *file_name;
};

static bool complain(const struct source *source, const char *name, const char *wanted) {
    cn_say_error("%s: %s: not a stats file of Cairn: \"%s\" is not %s", source->who, source->file_name, name, wanted);
    return false;
}

static bool read_count(const json_t *object, const char *name, uint64_t *count, const struct source *source) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return complain(source, name, "there as a count");
    }
    *count = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_fields(const json_t *object, const struct field *fields, size_t count, void *target,
                        const struct source *source) {
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        if (!read_count(object, fields[i].name, &value, source)) {
            return false;
        }
        memcpy((char *)target + fields[i].offset, &value, sizeof value);
    }
    return true;
}

static bool read_string(const json_t *object, const char *name, char *text, size_t text_bytes,
                        const struct source *source) {
    const char *value = json_string_value(json_object_get(object, name));
    if (value == NULL) {
        return complain(source, name, "there as a string");
    }
    snprintf(text, text_bytes, "%s", value);
    return true;
}

/* null says that the program did not count what was asked for. */
static bool read_requested(const json_t *object, uint64_t *requested_bytes, const struct source *source) {
    if (json_is_null(json_object_get(object, "requested_bytes"))) {
        *requested_bytes = UINT64_MAX;
        return true;
    }
    return read_count(object, "requested_bytes", requested_bytes, source);
}

static bool read_classes(const json_t *object, struct cn_report *report, const struct source *source) {
    const json_t *classes = json_object_get(object, "classes");
    if (!json_is_array(classes) || json_array_size(classes) > CAIRN_CLASS_COUNT) {
        return complain(source, "classes", "there as an array of size classes");
    }
    report->class_count = json_array_size(classes);
    for (size_t i = 0; i < report->class_count; i++) {
        if (!read_fields(json_array_get(classes, i), class_fields, CLASS_FIELD_COUNT, &report->stats.classes[i],
                         source)) {
            return false;
        }
    }
    return true;
}

static bool read_object(const json_t *object, struct cn_report *report, const struct source *source) {
    return read_string(object, "version", report->version, sizeof report->version, source) &&
           read_string(object, "form", report->form, sizeof report->form, source) &&
           read_count(object, "pid", &report->pid, source) &&
           read_requested(object, &report->stats.requested_bytes, source) &&
           read_fields(object, stats_fields, STATS_FIELD_COUNT, &report->stats, source) &&
           read_classes(object, report, source);
}

bool cn_report_read(struct cn_report *report, FILE *file, const char *file_name, const char *who) {
    memset(report, 0, sizeof *report);
    json_error_t error;
    json_t *object = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL && ferror(file) != 0) {
        cn_say_error("%s: cannot read %s: %s", who, file_name, strerror(errno));
        return false;
    }
    if (object == NULL) {
        cn_say_error("%s: %s: not JSON: line %d: %s", who, file_name, error.line, error.text);
        return false;
    }
    struct source source = {who, file_name};
    bool is_read = read_object(object, report, &source);
    json_decref(object);
    return is_read;
}
