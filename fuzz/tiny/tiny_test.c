/*
 * tiny_test.c: everything that can be done with the tiny core (fuzz/tiny/geometry.h) in a few steps is done.
 *
 *   tiny_test [DEPTH]     8 unless given
 *
 * For each menu of steps.h, every sequence of its steps up to the depth is run, from the very beginning of the allocator,
 * on a system that is a model (os_model.h). After its last step all must be as it should; after the others it was looked
 * at when they were the last. A step that is not possible or ends the program ends its branch.
 *
 * It speaks TAP: a case for each menu, with its count and time. Where it aborts, the steps are on standard error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/tiny/os_model.h"
#include "fuzz/tiny/steps.h"
#include "fuzz/variables.h"

enum { DEFAULT_DEPTH = 8 };

static const struct cn_step *path[CN_STEPS_MAX];
static size_t path_length;
static uint64_t sequence_count;
static uint64_t step_count;

static enum cn_outcome run_step(const struct cn_step *step) {
    step_count++;
    errno = 0;
    return step->run();
}

/* Runs the path anew, whose steps but the last are known to be possible and right. */
static enum cn_outcome run_path(void) {
    enum cn_outcome outcome = CN_DONE;
    cn_model_renew();
    cn_variables_put_back();
    cn_steps_begin();
    for (size_t i = 0; i < path_length; i++) {
        outcome = run_step(path[i]);
    }
    return outcome;
}

static void explore(const struct cn_menu *menu, size_t depth) {
    path_length++;
    for (size_t i = 0; i < menu->count; i++) {
        path[path_length - 1] = &menu->steps[i];
        enum cn_outcome outcome = run_path();
        sequence_count += outcome != CN_IMPOSSIBLE ? 1 : 0;
        if (outcome == CN_DONE) {
            cn_steps_check();
            if (path_length < depth) {
                explore(menu, depth);
            }
        }
    }
    path_length--;
}

static void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

static void say_path(int number) {
    (void)number;
    for (size_t i = 0; i < path_length; i++) {
        say("# step: ");
        say(path[i]->name);
        say("\n");
    }
}

static double seconds_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    size_t depth = argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_DEPTH;
    if (depth == 0 || depth > CN_STEPS_MAX) {
        fprintf(stderr, "usage: %s [DEPTH], at most %d\n", argv[0], CN_STEPS_MAX);
        return 2;
    }
    (void)signal(SIGABRT, say_path);
    cn_variables_keep();
    printf("1..%d\n", CN_MENUS);
    for (size_t i = 0; i < CN_MENUS; i++) {
        double started = seconds_now();
        sequence_count = 0;
        step_count = 0;
        explore(&cn_menus[i], depth);
        printf("ok %zu - %s: all %" PRIu64 " sequences up to depth %zu, %" PRIu64 " steps, %.1f s\n", i + 1,
               cn_menus[i].name, sequence_count, depth, step_count, seconds_now() - started);
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}
