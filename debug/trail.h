/*
 * trail.h: the frames of a thread's last walk, so that the next one need not find again what it shares with it.
 *
 * A walk is a function of where it is and of a few words of the stack (unwind.h), as long as the modules stay. Two
 * walks of a thread, one after the other, mostly differ in the innermost frames alone. So a walk goes on by itself only
 * until it is at a place where the trail has been; from there on the words that decided are compared with what they
 * were, which is several times as fast as asking the rules what comes next. From the first that differs on it goes by
 * itself again, until it meets the trail once more.
 *
 * Frames are kept in a ring, innermost first. Beyond the frames of the last walk there can be some of walks before it;
 * they count for nothing until their words have been compared.
 *
 * J1  Of each frame but the first: by the words that it names, as they are kept, the frame before it leads to it.
 * J2  The words lie between the beginning of the last walk and the end of what was readable then.
 * J3  is_fp_used of a frame: the fp at it, or one that is the same, decided where the walk went to from a frame of the trail.
 *     Elsewhere its fp is not kept right.
 * J4  outer_hash of a frame is that of the next one with that one's pc added (depot.h), whatever the outermost starts from.
 */
#ifndef CN_TRAIL_H
#define CN_TRAIL_H

#include "alloc/unwind.h"

enum { CN_TRAIL_FRAMES = 2 * CN_FRAME_MAX_DEPTH };

struct cn_trail_frame {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
    uintptr_t fp_at; /* the word that it was read from on the way here; 0: it is that of the frame before */
    uintptr_t sp_at; /* the same for sp */
    uintptr_t only;  /* the pc, where that is all that is to be compared; else 0 */
    uint64_t outer_hash;
    bool is_fp_used;
    bool is_outermost; /* there is no frame beyond */
};

struct cn_trail {
    size_t innermost;
    size_t count;
    uint64_t weights[CN_FRAME_MAX_DEPTH + 1]; /* depot.h: of each count */
    struct cn_trail_frame frames[CN_TRAIL_FRAMES];
};

/* Empty. */
void cn_trail_init(struct cn_trail *trail);

/* Walks from a call outwards, at most `depth` frames, which are the trail's innermost ones then; how many. 0: the
 * walk led to where it cannot be compared next time; the trail is as good as before. `readable` is always the same
 * one's. */
size_t cn_trail_follow(struct cn_trail *trail, const struct cn_registers *at, size_t depth,
                       struct cn_readable *readable);

/* Of the `count` innermost frames. */
uint64_t cn_trail_hash(const struct cn_trail *trail, size_t count);
void cn_trail_copy(const struct cn_trail *trail, size_t count, uintptr_t *frames);

/* The words of the stack that decided where the last walk went. */
struct cn_trail_words {
    bool has_used_fp; /* the fp that it began with decided too */
    size_t count;
    uintptr_t at[3 * CN_FRAME_MAX_DEPTH]; /* addresses, innermost first */
};

/* Those of a walk of at most `depth` frames; false where others decided too, as the walk got lost. */
bool cn_trail_words(const struct cn_trail *trail, size_t depth, struct cn_trail_words *words);

#endif
