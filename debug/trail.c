#include "trail.h"

#include "depot.h"

enum { WORD_BYTES = sizeof(uintptr_t) };

#define INNERMOST_AT_FIRST ((size_t)1 << 62) /* it moves both ways, and does not come round */

/* ---- the ring ------------------------------------------------------------------------------------------------ */

void cn_trail_init(struct cn_trail *trail) {
    trail->innermost = INNERMOST_AT_FIRST;
    trail->count = 0;
    trail->weights[0] = 1;
    for (size_t i = 0; i < CN_FRAME_MAX_DEPTH; i++) {
        trail->weights[i + 1] = trail->weights[i] * CN_DEPOT_BASE;
    }
}

CN_INLINE struct cn_trail_frame *frame_at(struct cn_trail *trail, size_t index) {
    return &trail->frames[(trail->innermost + index) % CN_TRAIL_FRAMES];
}

CN_INLINE void drop_innermost(struct cn_trail *trail) {
    trail->innermost++;
    trail->count--;
}

CN_INLINE void set_only(struct cn_trail_frame *frame) {
    bool has_more = frame->sp_at != 0 || (frame->is_fp_used && frame->fp_at != 0);
    frame->only = has_more ? 0 : frame->pc;
}

/* The walk is at the frame, by its last step. */
CN_INLINE void put(struct cn_trail_frame *frame, const struct cn_walker *walker) {
    frame->pc = walker->at.pc;
    frame->sp = walker->at.sp;
    frame->fp = walker->at.fp;
    frame->fp_at = walker->fp_at;
    frame->sp_at = walker->sp_at;
}

/* J3, J4. */
CN_INLINE void put_innermost(struct cn_trail *trail, const struct cn_trail_frame *new) {
    const struct cn_trail_frame *outer = frame_at(trail, 0);
    bool has_outer = trail->count != 0;
    trail->innermost--;
    struct cn_trail_frame *frame = frame_at(trail, 0);
    *frame = *new;
    frame->outer_hash = has_outer ? cn_depot_add(outer->outer_hash, outer->pc) : 0;
    frame->is_fp_used = new->is_fp_used || (has_outer && outer->fp_at == 0 && outer->is_fp_used);
    set_only(frame);
    trail->count = cn_min(trail->count + 1, CN_TRAIL_FRAMES);
}

/* J3: the fp at the outermost frame decides. */
static void use_fp(struct cn_trail *trail, uintptr_t fp) {
    struct cn_trail_frame *frame;
    size_t index = trail->count;
    do {
        frame = frame_at(trail, --index);
        frame->is_fp_used = true;
        frame->fp = fp;
        set_only(frame);
    } while (frame->fp_at == 0 && index > 0);
}

static void put_outermost(struct cn_trail *trail, const struct cn_walker *walker) {
    const struct cn_trail_frame *inner = frame_at(trail, trail->count - 1);
    struct cn_trail_frame *frame = frame_at(trail, trail->count++);
    put(frame, walker);
    frame->is_fp_used = false;
    frame->is_outermost = false;
    frame->outer_hash = cn_depot_take_off(inner->outer_hash, frame->pc);
    set_only(frame);
}

/* ---- a walk -------------------------------------------------------------------------------------------------- */

static CN_READS_STACK uintptr_t word_at(uintptr_t address) { return *(const uintptr_t *)address; } // NOLINT: the stack

/* Whether the trail's innermost frame is where the walk is; frames that the walk is beyond, or differ, are dropped. */
CN_INLINE bool meets(struct cn_trail *trail, const struct cn_registers *at) {
    while (trail->count != 0 && frame_at(trail, 0)->sp <= at->sp) {
        const struct cn_trail_frame *frame = frame_at(trail, 0);
        if (frame->sp == at->sp && frame->pc == at->pc && (!frame->is_fp_used || frame->fp == at->fp)) {
            return true;
        }
        drop_innermost(trail);
    }
    return false;
}

static CN_NOINLINE bool is_all_still(const struct cn_trail_frame *frame) {
    return word_at(frame->sp - WORD_BYTES) == frame->pc &&
           (!frame->is_fp_used || frame->fp_at == 0 || word_at(frame->fp_at) == frame->fp) &&
           (frame->sp_at == 0 || word_at(frame->sp_at) == frame->sp);
}

/* How many of the trail's frames, up to `limit`, are right, of which the first is: J1, now. */
CN_INLINE size_t compare(const struct cn_trail *trail, size_t limit) {
    const struct cn_trail_frame *frames = trail->frames;
    size_t index = trail->innermost + 1;
    size_t end = trail->innermost + limit;
    for (; index < end; index++) {
        const struct cn_trail_frame *frame = &frames[index % CN_TRAIL_FRAMES];
        uintptr_t pc = *(const uintptr_t *)(frame->sp - WORD_BYTES); // NOLINT: the stack
        if (CN_UNLIKELY(pc != frame->only) && !is_all_still(frame)) {
            break;
        }
    }
    return index - trail->innermost;
}

/* The fp at the frame before `end`: read again, as it may not be kept right (J3). That of the innermost is. */
static uintptr_t fp_before(struct cn_trail *trail, size_t end) {
    size_t index = end - 1;
    while (index > 0 && frame_at(trail, index)->fp_at == 0) {
        index--;
    }
    return index == 0 ? frame_at(trail, 0)->fp : word_at(frame_at(trail, index)->fp_at);
}

/* The frames that a walk has gone through by itself. */
struct passed {
    size_t count;
    struct cn_trail_frame frames[CN_FRAME_MAX_DEPTH];
};

/* Goes on by itself until the trail is met, or not at all. */
static bool walk_to_trail(struct cn_trail *trail, struct cn_walker *walker, size_t depth, struct passed *passed) {
    while (passed->count < depth) {
        struct cn_trail_frame *frame = &passed->frames[passed->count++];
        put(frame, walker);
        enum cn_step taken = cn_walker_step(walker);
        frame->is_fp_used = walker->has_used_fp;
        frame->is_outermost = taken == CN_STEP_OUTERMOST;
        if (taken != CN_STEP_DONE) {
            return false;
        }
        if (meets(trail, &walker->at)) {
            return true;
        }
    }
    return false;
}

/* The innermost frames of the trail, which are right, are off it: the walk has gone through all but the last of
 * them, and is there. */
static void leave_trail(struct cn_trail *trail, struct cn_walker *walker, size_t count, struct passed *passed) {
    for (size_t i = 0; i < count; i++) {
        struct cn_trail_frame *frame = frame_at(trail, 0);
        walker->at.pc = frame->pc;
        walker->at.sp = frame->sp;
        walker->at.fp = frame->fp_at == 0 || i == 0 ? walker->at.fp : word_at(frame->fp_at);
        walker->fp_at = frame->fp_at;
        walker->sp_at = frame->sp_at;
        if (i + 1 < count) {
            struct cn_trail_frame *kept = &passed->frames[passed->count++];
            *kept = *frame;
            kept->fp = walker->at.fp;
        }
        drop_innermost(trail);
    }
}

/* The innermost frames, until all that is left of the trail, or of the depth, is right; how many are known to be
 * right then. 0: the walk cannot be compared. */
static CN_READS_STACK size_t walk_inside(struct cn_trail *trail, struct cn_walker *walker, size_t depth) {
    struct passed passed;
    passed.count = 0;
    size_t known = 0;
    bool has_met = meets(trail, &walker->at);
    while (has_met || walk_to_trail(trail, walker, depth, &passed)) {
        put(frame_at(trail, 0), walker);
        set_only(frame_at(trail, 0));
        size_t limit = cn_min(trail->count, depth - passed.count);
        known = compare(trail, limit);
        if (known >= limit) {
            break;
        }
        leave_trail(trail, walker, known, &passed);
        has_met = false;
        known = 0;
    }
    if (!walker->is_repeatable) {
        return 0;
    }
    trail->count = known != 0 ? trail->count : 0;
    for (size_t i = passed.count; i > 0; i--) {
        put_innermost(trail, &passed.frames[i - 1]);
    }
    return passed.count + known;
}

/* Goes on from the outermost frame. False where that cannot be compared. */
static CN_NOINLINE bool walk_outside(struct cn_trail *trail, struct cn_walker *walker, size_t depth) {
    const struct cn_trail_frame *frame = frame_at(trail, trail->count - 1);
    enum cn_step taken = CN_STEP_DONE;
    walker->at = (struct cn_registers){.pc = frame->pc, .sp = frame->sp, .fp = fp_before(trail, trail->count)};
    while (taken == CN_STEP_DONE && trail->count < depth) {
        uintptr_t fp = walker->at.fp;
        taken = cn_walker_step(walker);
        if (walker->has_used_fp) {
            use_fp(trail, fp);
        }
        if (taken == CN_STEP_DONE && walker->is_repeatable) {
            put_outermost(trail, walker);
        }
        frame_at(trail, trail->count - 1)->is_outermost = taken == CN_STEP_OUTERMOST;
    }
    return walker->is_repeatable;
}

size_t cn_trail_follow(struct cn_trail *trail, const struct cn_registers *at, size_t depth,
                       struct cn_readable *readable) {
    struct cn_walker walker;
    if (CN_UNLIKELY(at->sp - readable->start >= readable->end - readable->start)) {
        trail->count = 0; /* J2 */
    }
    cn_walker_begin(&walker, at, CN_UNWIND_FROM_CALL, readable);
    size_t known = walk_inside(trail, &walker, depth);
    if (CN_LIKELY(known >= depth)) {
        return depth;
    }
    if (known == 0) {
        return 0;
    }
    trail->count = known;
    if (!frame_at(trail, known - 1)->is_outermost && !walk_outside(trail, &walker, depth)) {
        return 0;
    }
    return trail->count;
}

/* ---- what was found ------------------------------------------------------------------------------------------ */

static const struct cn_trail_frame *found_at(const struct cn_trail *trail, size_t index) {
    return &trail->frames[(trail->innermost + index) % CN_TRAIL_FRAMES];
}

uint64_t cn_trail_hash(const struct cn_trail *trail, size_t count) {
    const struct cn_trail_frame *first = found_at(trail, 0);
    const struct cn_trail_frame *last = found_at(trail, count - 1);
    uint64_t sum = cn_depot_add(first->outer_hash, first->pc) - last->outer_hash * trail->weights[count];
    return cn_depot_hash(sum, count);
}

void cn_trail_copy(const struct cn_trail *trail, size_t count, uintptr_t *frames) {
    for (size_t i = 0; i < count; i++) {
        frames[i] = found_at(trail, i)->pc;
    }
}

bool cn_trail_words(const struct cn_trail *trail, size_t depth, struct cn_trail_words *words) {
    size_t count = cn_min(trail->count, depth);
    words->count = 0;
    words->has_used_fp = found_at(trail, 0)->is_fp_used;
    for (size_t i = 1; i < count; i++) {
        const struct cn_trail_frame *frame = found_at(trail, i);
        words->at[words->count++] = frame->sp - WORD_BYTES;
        if (CN_UNLIKELY(frame->only == 0 && frame->is_fp_used && frame->fp_at != 0)) {
            words->at[words->count++] = frame->fp_at;
        }
        if (CN_UNLIKELY(frame->sp_at != 0)) {
            words->at[words->count++] = frame->sp_at;
        }
    }
    return count == depth || found_at(trail, count - 1)->is_outermost;
}
