/*
 * micro.c: runs workloads by name and prints for each the nanoseconds of one operation and the peak of resident memory.
 * The main of two programs: micro, whose workloads are in C, and objects, whose are in C++.
 *
 * One process for one workload is the honest way: what an earlier workload leaves behind weighs on the next. Naming
 * several is for a quick look. The peak is the kernel's high-water mark of this process, so that it also holds what
 * the earlier ones needed.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

struct settings {
    enum format format;
    unsigned threads;
    uint64_t percent; /* of each workload's own count */
    uint64_t count;   /* 0: each workload's own */
};

/* The high-water mark of this program's resident memory. */
static uint64_t peak_kib(void) { return proc_kib("/proc/self/status", "VmHWM:"); }

static void result_print(const struct workload *workload, const struct run *run, enum format format) {
    double ns = (double)run->elapsed_ns / (double)run->count;
    if (format == FORMAT_JSON) {
        printf("{\"row\":\"%s\",\"ns\":%.4f,\"count\":%" PRIu64 ",\"peak_kib\":%" PRIu64 ",\"malloc\":\"%s\"}\n",
               workload->name, ns, run->count, peak_kib(), malloc_origin());
    } else {
        printf("%-14s %10.2f ns  %9.1f MiB peak   %s\n", workload->name, ns, (double)peak_kib() / 1024.0,
               workload->what);
    }
    fflush(stdout);
}

static void workload_run(const struct workload *workload, const struct settings *settings) {
    struct run run = {.count = settings->count, .threads = settings->threads};
    if (run.count == 0) {
        run.count = workload->count * settings->percent / 100;
    }
    if (run.count == 0) {
        run.count = 1;
    }
    workload->run(&run);
    result_print(workload, &run, settings->format);
}

/* "all" stands for those that are not bare; the bare ones are for counting instructions. */
static bool is_named(const struct workload *workload, const char *name) {
    if (strcmp(name, "all") == 0) {
        return strncmp(workload->name, "bare-", 5) != 0;
    }
    return strcmp(name, workload->name) == 0;
}

/* Runs what `name` names; false if there is no such workload. */
static bool named_run(const char *name, const struct settings *settings) {
    bool found = false;
    for (size_t t = 0; workload_tables[t] != NULL; t++) {
        for (const struct workload *workload = workload_tables[t]; workload->name != NULL; workload++) {
            if (is_named(workload, name)) {
                workload_run(workload, settings);
                found = true;
            }
        }
    }
    return found;
}

static void list_print(void) {
    for (size_t t = 0; workload_tables[t] != NULL; t++) {
        for (const struct workload *workload = workload_tables[t]; workload->name != NULL; workload++) {
            printf("%s\t%s\n", workload->name, workload->what);
        }
    }
}

static int usage(int status) {
    fprintf(status == 0 ? stdout : stderr,
            "usage: %s [--json] [--percent P | --count N] [--threads T] ROW... | all\n"
            "       %s --list\n",
            program_invocation_short_name, program_invocation_short_name);
    return status;
}

static uint64_t number_of(const char *text) {
    uint64_t number = 0;
    if (!number_parse(text, &number) || number == 0) {
        fprintf(stderr, "%s: '%s' is not a positive number\n", program_invocation_short_name, text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"list", no_argument, NULL, 'l'},
        {"percent", required_argument, NULL, 'p'},
        {"count", required_argument, NULL, 'c'},
        {"threads", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct settings settings = {FORMAT_TEXT, 2, 100, 0};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'j':
            settings.format = FORMAT_JSON;
            break;
        case 'l':
            list_print();
            return 0;
        case 'p':
            settings.percent = number_of(optarg);
            break;
        case 'c':
            settings.count = number_of(optarg);
            break;
        case 't':
            settings.threads = (unsigned)number_of(optarg);
            break;
        default:
            return usage(option == 'h' ? 0 : 2);
        }
    }
    if (optind == argc) {
        return usage(2);
    }
    sizes_init();
    for (int i = optind; i < argc; i++) {
        if (!named_run(argv[i], &settings)) {
            fprintf(stderr, "%s: there is no row '%s'; --list names them\n", program_invocation_short_name, argv[i]);
            return 2;
        }
    }
    return 0;
}
