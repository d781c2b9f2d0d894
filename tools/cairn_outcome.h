/*
 * cairn_outcome.h: what a program did in one run: its exit status, what it wrote, and what Cairn said of it; and in
 * what two runs differ.
 */
#ifndef CAIRN_OUTCOME_H
#define CAIRN_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

/* CN_STREAM_SAID: what stands in the log (cairn_log.h), without what lies below first lines. */
enum cn_stream { CN_STREAM_OUT, CN_STREAM_ERR, CN_STREAM_SAID, CN_STREAM_COUNT };

/* What a stream held; mapped. */
struct cn_written {
    const char *bytes; /* NULL where length is 0 */
    size_t length;
};

struct cn_outcome {
    int status; /* as wait(2) gives it */
    struct cn_written written[CN_STREAM_COUNT];
};

enum cn_addresses { CN_ADDRESSES_FIXED, CN_ADDRESSES_RANDOM };

/* How to run the program. There is a log. */
struct cn_trial {
    const char *command; /* the subcommand's name, for messages */
    const char *library;
    char **program;
    int input;              /* a file that each run reads from its start */
    unsigned limit_seconds; /* after which SIGALRM ends it; 0: none */
    const char *settings;   /* CAIRN_OPTIONS, with the log's path */
    enum cn_addresses addresses;
};

/* Runs the program to its end. 0, or the exit status for a failure, after a message. */
int cn_outcome_take(const struct cn_trial *trial, struct cn_outcome *outcome);
void cn_outcome_drop(struct cn_outcome *outcome);

/* The first line of the stream that starts with `start`, without its end; bytes NULL: none. */
struct cn_written cn_outcome_find_line(const struct cn_outcome *outcome, enum cn_stream stream, const char *start);

/* Prints how the program ended and how much it wrote. */
void cn_outcome_print_ending(const struct cn_outcome *outcome);

bool cn_outcome_is_same(const struct cn_outcome *first, const struct cn_outcome *second);

/* Prints the first difference, in one line or three, each after `indent`. */
void cn_outcome_print_difference(const struct cn_outcome *first, const struct cn_outcome *second, const char *indent);

#endif
