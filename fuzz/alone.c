#include "fuzz/alone.h"

#include "fuzz/pages.h"
#include "fuzz/renew.h"

struct alone {
    struct cn_play *play;
    const uint8_t *data;
    size_t size;
    enum cn_program_shape shape;
    bool forks;
    size_t fork_at;
};

static void run_program(void *argument) {
    const struct alone *alone = argument;
    if (alone->forks) {
        cn_play_run_forked(alone->play, alone->data, alone->size, alone->fork_at);
    } else {
        cn_play_run(alone->play, alone->data, alone->size, alone->shape);
    }
}

static void run_alone(struct alone *alone) {
    static struct cn_play *play;
    if (play == NULL) {
        play = cn_play_init(CN_NULL_FOR_A_REASON);
        cn_play_tell_written(play, cn_pages_note_written);
    }
    alone->play = play;
    cn_renew_and_run(run_program, alone);
}

void cn_alone_run(const uint8_t *data, size_t size, enum cn_program_shape shape) {
    struct alone alone = {.data = data, .size = size, .shape = shape};
    run_alone(&alone);
}

void cn_alone_run_forked(const uint8_t *data, size_t size, size_t fork_at) {
    struct alone alone = {.data = data, .size = size, .shape = CN_PROGRAM_CREW, .forks = true, .fork_at = fork_at};
    run_alone(&alone);
}
