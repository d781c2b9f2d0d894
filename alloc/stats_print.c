/*
 * stats_print.c: the stats as text and as JSON.
 */
#include <errno.h>
#include <string.h>

#include "cairn.h"
#include "options.h"
#include "os.h"
#include "panic.h"
#include "path.h"
#include "stats.h"
#include "text.h"

/* The figures in the order in which both forms print them. */
static const struct figure {
    const char *name;
    size_t offset;
    const char *meaning;
} figures[] = {
    {"requested_bytes", offsetof(struct cairn_stats, requested_bytes), "asked for by live blocks"},
    {"block_count", offsetof(struct cairn_stats, block_count), "live blocks"},
    {"block_bytes", offsetof(struct cairn_stats, block_bytes), "in live blocks"},
    {"free_bytes", offsetof(struct cairn_stats, free_bytes), "in blocks that are not live"},
    {"slack_bytes", offsetof(struct cairn_stats, slack_bytes), "in ends of pools"},
    {"pool_bytes", offsetof(struct cairn_stats, pool_bytes), "in pools"},
    {"span_bytes", offsetof(struct cairn_stats, span_bytes), "in live blocks too large for pools"},
    {"arena_bytes", offsetof(struct cairn_stats, arena_bytes), "in arenas taken from the system"},
    {"resident_bytes", offsetof(struct cairn_stats, resident_bytes), "of these in memory"},
    {"purged_bytes", offsetof(struct cairn_stats, purged_bytes), "given back so far"},
    {"metadata_bytes", offsetof(struct cairn_stats, metadata_bytes), "in Cairn's own tables"},
    {"peak_used_bytes", offsetof(struct cairn_stats, peak_used_bytes), "most in pools and spans"},
    {"peak_arena_bytes", offsetof(struct cairn_stats, peak_arena_bytes), "most in arenas"},
    {"heap_count", offsetof(struct cairn_stats, heap_count), "heaps"},
    {"budget_bytes", offsetof(struct cairn_stats, budget_bytes), "budget"},
};
enum { STANDARD_ERROR = 2, FIGURE_COUNT = sizeof figures / sizeof figures[0] };

static uint64_t value_of(const struct cairn_stats *stats, const struct figure *figure) {
    uint64_t value;
    memcpy(&value, (const char *)stats + figure->offset, sizeof value);
    return value;
}

static void put_classes_text(struct cn_text *text, const struct cairn_stats *stats) {
    cn_text_put(text, "cairn:   block bytes       pools   used blocks   free blocks\n");
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        const struct cairn_class_stats *class = &stats->classes[i];
        if (class->pools == 0) {
            continue;
        }
        cn_text_put(text, "cairn: ");
        cn_text_put_number_column(text, class->block_bytes, 13);
        cn_text_put_number_column(text, class->pools, 12);
        cn_text_put_number_column(text, class->used_blocks, 14);
        cn_text_put_number_column(text, class->free_blocks, 14);
        cn_text_put(text, "\n");
    }
}

static void put_text(struct cn_text *text, const struct cairn_stats *stats) {
    cn_text_put(text, "cairn: stats of process ");
    cn_text_put_number(text, cn_os_process_id());
    cn_text_put(text, ", version ");
    cn_text_put(text, cairn_version());
    cn_text_put(text, "\n");
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        uint64_t value = value_of(stats, &figures[i]);
        cn_text_put(text, "cairn:   ");
        cn_text_put_column(text, figures[i].name, -17);
        if (value == UINT64_MAX) {
            cn_text_put_column(text, "not counted", 18);
        } else {
            cn_text_put_number_column(text, value, 18);
        }
        cn_text_put(text, "  ");
        cn_text_put(text, figures[i].meaning);
        cn_text_put(text, "\n");
    }
    put_classes_text(text, stats);
}

static void put_member(struct cn_text *text, const char *name, uint64_t value) {
    cn_text_put(text, "\"");
    cn_text_put(text, name);
    cn_text_put(text, "\":");
    if (value == UINT64_MAX) {
        cn_text_put(text, "null");
    } else {
        cn_text_put_number(text, value);
    }
}

static void put_class_json(struct cn_text *text, const struct cairn_class_stats *class) {
    cn_text_put(text, "\n    {");
    put_member(text, "block_bytes", class->block_bytes);
    cn_text_put(text, ", ");
    put_member(text, "pools", class->pools);
    cn_text_put(text, ", ");
    put_member(text, "used_blocks", class->used_blocks);
    cn_text_put(text, ", ");
    put_member(text, "free_blocks", class->free_blocks);
    cn_text_put(text, "}");
}

static void put_json(struct cn_text *text, const struct cairn_stats *stats) {
    const char *form = strchr(cairn_version(), ' ') + 1;
    cn_text_put(text, "{\n  \"version\":\"" CAIRN_VERSION "\",\n  \"form\":\"");
    cn_text_put(text, form);
    cn_text_put(text, "\",\n  ");
    put_member(text, "pid", cn_os_process_id());
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        cn_text_put(text, ",\n  ");
        put_member(text, figures[i].name, value_of(stats, &figures[i]));
    }
    cn_text_put(text, ",\n  \"classes\":[");
    const char *separator = "";
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        if (stats->classes[i].pools != 0) {
            cn_text_put(text, separator);
            put_class_json(text, &stats->classes[i]);
            separator = ",";
        }
    }
    cn_text_put(text, "\n  ]\n}\n");
}

static int print(int fd, void (*put)(struct cn_text *text, const struct cairn_stats *stats)) {
    struct cairn_stats stats;
    struct cn_text text;
    cairn_stats_get(&stats);
    cn_text_init(&text, fd);
    put(&text, &stats);
    int error = cn_text_fini(&text);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

int cairn_stats_print(int fd) { return print(fd, put_text); }

int cairn_stats_print_json(int fd) { return print(fd, put_json); }

static void write_json_file(void) {
    char path[CN_OPTION_PATH_BYTES];
    int fd = cn_path_expand(cn_options.stats_json, path, sizeof path) ? cn_os_open(path) : -1;
    if (fd < 0) {
        cn_warn("cannot write the file that stats_json names", cn_options.stats_json, strlen(cn_options.stats_json));
        return;
    }
    (void)cairn_stats_print_json(fd);
    cn_os_close(fd);
}

/* Where the stats go: to what standard error was at the start. */
static struct {
    bool is_there;
    int fd;
    struct cn_os_file file;
} output;

/* Programs close standard error before the library's end. */
void cn_stats_at_start(void) {
    output.is_there = cn_options.stats && cn_os_identify(STANDARD_ERROR, &output.file);
    if (output.is_there) {
        output.fd = cn_os_duplicate(STANDARD_ERROR);
    }
}

/* A program may have closed a descriptor that it has not opened, and have opened something else by its number. */
static bool leads_there(int fd) {
    struct cn_os_file now;
    return cn_os_identify(fd, &now) && now.device == output.file.device && now.inode == output.file.inode;
}

static void print_at_exit(void) {
    int fd = leads_there(output.fd) ? output.fd : STANDARD_ERROR;
    if (leads_there(fd)) {
        (void)cairn_stats_print(fd);
    }
}

void cn_stats_at_exit(void) {
    if (cn_options.stats && output.is_there) {
        print_at_exit();
    }
    if (cn_options.stats_json[0] != '\0') {
        write_json_file();
    }
}
