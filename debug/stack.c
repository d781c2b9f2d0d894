#include "stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/auxv.h>

#include "alloc/os.h"
#include "depot.h"
#include "hash.h"
#include "trail.h"

/*
 * A walk is a function of where it began and of the words that it read, as long as the modules stay. One that is
 * remembered holds which words these were, and a hash of what they held. Words that a stack has at its other end can
 * differ from call to call while all near its beginning is the same: a hash of all of them is looked at each time.
 *
 * Many ways lead to one beginning. Where a walk is remembered depends on the first words that walks from there have
 * read (its outline), too, so that those ways have places of their own.
 *
 * K2  The words of a walk that is remembered lie on the thread's own stack, which can be read as long as the thread runs.
 *     On other stacks, of coroutines or signal handlers, nothing is remembered: they come and go.
 * K3  While `is_busy`, a capture of the same thread, in a signal handler, leaves what is remembered alone.
 */
enum {
    MAX_WORDS = 48,
    MEMO_BITS = 9,
    MEMO_ALIGNMENT = 64,
    OUTLINE_BITS = 9,
    OUTLINE_WORDS = 7,
    RECENT_BITS = 11,
    WORDS_AT_ONCE = 4,
    WORD_BYTES = sizeof(uintptr_t)
};

struct memo {
    uintptr_t pc; /* of the beginning; 0: none */
    uintptr_t sp;
    uint64_t hash; /* of the depth, the words, and the frame pointer where it decided */
    uint32_t id;
    uint16_t farthest; /* of the words */
    uint8_t word_count;
    uint8_t has_used_fp;
    uint16_t words[MAX_WORDS]; /* where they are: words beyond sp */
};
_Static_assert(MAX_WORDS % WORDS_AT_ONCE == 0 && (int)MAX_WORDS < (int)CN_FRAME_MAX_DEPTH, "each word has a weight");
_Static_assert(sizeof(struct memo) == 2 * MEMO_ALIGNMENT, "a memo is two cache lines");

/* A stack that was met lately. */
struct recent {
    uint64_t hash; /* trail.h */
    uint32_t count;
    uint32_t id; /* CN_DEPOT_NONE: none */
};

/* Of all walks from one beginning. */
struct outline {
    uintptr_t pc; /* 0: none */
    uintptr_t sp;
    uint16_t words[OUTLINE_WORDS]; /* the last one again where there are fewer */
    uint16_t farthest;
};

struct thread {
    struct thread *next; /* of all; never changes */
    _Atomic bool is_taken;
    bool is_busy;
    uintptr_t own_low;  /* the thread's own stack, as far down as it is known; see is_own */
    uintptr_t own_high; /* 0: not known yet */
    struct cn_readable readable;
    struct cn_trail trail;
    struct recent recents[1 << RECENT_BITS];
    struct outline outlines[1 << OUTLINE_BITS];
    _Alignas(MEMO_ALIGNMENT) struct memo memos[1 << MEMO_BITS];
};

static _Thread_local struct thread *mine CN_TLS;
static _Thread_local bool has_ended CN_TLS;
static _Atomic(struct thread *) all;
static _Atomic size_t depth_now; /* 0 until it is set: in a static program modules can be found from then on only */

/* ---- threads ------------------------------------------------------------------------------------------------- */

static struct thread *reuse(void) {
    for (struct thread *thread = atomic_load_explicit(&all, memory_order_acquire); thread != NULL;
         thread = thread->next) {
        if (!atomic_load_explicit(&thread->is_taken, memory_order_relaxed) &&
            !atomic_exchange_explicit(&thread->is_taken, true, memory_order_acquire)) {
            thread->readable = (struct cn_readable){0};
            thread->own_low = 0;
            thread->own_high = 0;
            thread->is_busy = false;
            cn_trail_init(&thread->trail);
            return thread;
        }
    }
    return NULL;
}

static size_t thread_bytes(void) { return cn_round_up(sizeof(struct thread), cn_os_page_bytes()); }

static CN_NOINLINE struct thread *take_thread(void) {
    if (has_ended) { /* nobody would tell when it may be given back another time */
        return NULL;
    }
    struct thread *thread = reuse();
    if (thread == NULL) {
        thread = (struct thread *)(void *)cn_os_map(thread_bytes(), cn_os_page_bytes());
        if (thread == NULL) {
            return NULL;
        }
        atomic_store_explicit(&thread->is_taken, true, memory_order_relaxed);
        cn_trail_init(&thread->trail);
        thread->next = atomic_load_explicit(&all, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(&all, &thread->next, thread, memory_order_release,
                                                      memory_order_relaxed)) {
        }
    }
    mine = thread;
    return thread;
}

void cn_stack_thread_ends(void) {
    struct thread *thread = mine;
    mine = NULL;
    has_ended = true;
    if (thread != NULL) {
        atomic_store_explicit(&thread->is_taken, false, memory_order_release);
    }
}

void cn_stack_visit_memory(void (*visit)(void *argument, uintptr_t start, uintptr_t end), void *argument) {
    for (struct thread *thread = atomic_load_explicit(&all, memory_order_acquire); thread != NULL;
         thread = thread->next) {
        visit(argument, (uintptr_t)thread, (uintptr_t)thread + thread_bytes());
    }
}

void cn_stack_after_fork(void) {
    for (struct thread *thread = atomic_load_explicit(&all, memory_order_acquire); thread != NULL;
         thread = thread->next) {
        if (thread != mine) {
            atomic_store_explicit(&thread->is_taken, false, memory_order_release);
        }
    }
}

/* ---- what is remembered -------------------------------------------------------------------------------------- */

CN_INLINE struct outline *outline_of(struct thread *thread, const struct cn_registers *at) {
    return &thread->outlines[cn_hash_mix(at->pc << 1, at->sp) & cn_low_bits(OUTLINE_BITS)];
}

/* An address at the upper end of the calling thread's own stack: of its control block; the main thread's stack begins with
 * bytes that the kernel has put there. getauxval(3) */
static uintptr_t own_top(void) {
    bool is_main = cn_os_thread_id() == cn_os_process_id();
    return is_main ? (uintptr_t)getauxval(AT_RANDOM) : (uintptr_t)pthread_self();
}

/* Has the part of the thread's own stack that is known reach down to the address, if all between can be read. What lies
 * below is left for the next time where it is much. */
static CN_NOINLINE bool extend_own(struct thread *thread, uintptr_t sp) {
    enum { PAGES_AT_ONCE = 512 };
    uintptr_t page_bytes = cn_os_page_bytes();
    if (thread->own_high == 0) {
        thread->own_high = own_top();
        thread->own_low = thread->own_high & -page_bytes;
        thread->readable.limit = cn_round_up(thread->own_high, page_bytes);
    }
    if (sp >= thread->own_high) {
        return false;
    }
    for (unsigned i = 0; i < PAGES_AT_ONCE && sp < thread->own_low; i++) {
        const char *below = (const char *)(thread->own_low - page_bytes); // NOLINT: not accessed
        if (!cn_os_is_readable(below)) {
            return false;
        }
        thread->own_low -= page_bytes;
    }
    return sp >= thread->own_low;
}

/* Whether the address is on the thread's own stack. */
CN_INLINE bool is_own(struct thread *thread, uintptr_t sp) {
    return CN_LIKELY(sp - thread->own_low < thread->own_high - thread->own_low) || extend_own(thread, sp);
}

/* K2; `sp` is on the thread's own stack. */
CN_INLINE bool is_within(const struct thread *thread, uintptr_t sp, size_t farthest) {
    return sp + farthest * WORD_BYTES < thread->own_high;
}

/* Where a walk is remembered that begins there. */
CN_INLINE struct memo *memo_of(struct thread *thread, const struct cn_registers *at) {
    const struct outline *outline = outline_of(thread, at);
    const uintptr_t *words = (const uintptr_t *)at->sp; // NOLINT: the stack
    uint64_t key = cn_hash_mix(at->pc << 1, at->sp);
    if (outline->pc == at->pc && outline->sp == at->sp && is_within(thread, at->sp, outline->farthest)) {
        for (unsigned i = 0; i < OUTLINE_WORDS; i++) {
            key += words[outline->words[i]] << i;
        }
        key = cn_hash_mix(key, at->sp);
    }
    return &thread->memos[key & cn_low_bits(MEMO_BITS)];
}

/* Of the words that the memo names, and of all else that decided: each times a number of its own, so that no product
 * waits for another. */
CN_INLINE uint64_t hash_now(const struct thread *thread, const struct memo *memo, const struct cn_registers *at,
                            size_t depth) {
    const uintptr_t *words = (const uintptr_t *)at->sp; // NOLINT: the stack
    const uint64_t *weight = thread->trail.weights + 1;
    const uint16_t *end = memo->words + memo->word_count;
    uint64_t sum = depth + (memo->has_used_fp != 0 ? at->fp : 0);
    for (const uint16_t *place = memo->words; place < end; place += WORDS_AT_ONCE, weight += WORDS_AT_ONCE) {
        sum += words[place[0]] * weight[0] + words[place[1]] * weight[1];
        sum += words[place[2]] * weight[2] + words[place[3]] * weight[3];
    }
    return sum;
}

/* The id that a walk would find; CN_DEPOT_NONE where that is not known. K2. */
CN_INLINE uint32_t recall(const struct thread *thread, const struct memo *memo, const struct cn_registers *at,
                          size_t depth) {
    bool is_safe = memo->pc == at->pc && memo->sp == at->sp && is_within(thread, at->sp, memo->farthest);
    return is_safe && hash_now(thread, memo, at, depth) == memo->hash ? memo->id : CN_DEPOT_NONE;
}

/* Remembers the walk, which is the trail's, if its words can be named. */
static CN_READS_STACK void remember(const struct thread *thread, struct memo *memo, const struct cn_registers *at,
                                    size_t depth, uint32_t id) {
    struct cn_trail_words words;
    memo->pc = 0;
    memo->farthest = 0;
    if (!cn_trail_words(&thread->trail, depth, &words) || words.count > MAX_WORDS) {
        return;
    }
    for (size_t i = 0; i < words.count; i++) {
        uintptr_t distance = (words.at[i] - at->sp) / WORD_BYTES;
        if (distance > UINT16_MAX) {
            return;
        }
        memo->words[i] = (uint16_t)distance;
        memo->farthest = (uint16_t)cn_max(memo->farthest, distance);
    }
    for (; words.count % WORDS_AT_ONCE != 0; words.count++) {
        memo->words[words.count] = memo->words[words.count - 1];
    }
    memo->word_count = (uint8_t)words.count;
    memo->has_used_fp = words.has_used_fp;
    memo->sp = at->sp;
    memo->id = id;
    memo->hash = hash_now(thread, memo, at, depth);
    memo->pc = at->pc;
}

/* Makes the outline of walks from there that of a remembered one. */
static void draw_outline(struct outline *outline, const struct memo *memo) {
    outline->pc = memo->pc;
    outline->sp = memo->sp;
    outline->farthest = memo->farthest;
    for (size_t i = 0; i < OUTLINE_WORDS; i++) {
        outline->words[i] = memo->words[cn_min(i, (size_t)memo->word_count - 1)];
    }
}

/* ---- captures ------------------------------------------------------------------------------------------------ */

/* Without anything of the thread's. */
static CN_NOINLINE uint32_t walk_alone(const struct cn_registers *at, enum cn_unwind_start start, size_t depth) {
    struct cn_readable readable = {0};
    struct cn_walk walk;
    cn_unwind(at, start, depth, &readable, &walk);
    return cn_depot_put(walk.frames, walk.count);
}

/* The id of the stack that the trail's `count` innermost frames are. */
static CN_NOINLINE uint32_t ask_depot(const struct cn_trail *trail, uint64_t hash, size_t count) {
    uintptr_t frames[CN_FRAME_MAX_DEPTH];
    uint32_t id = cn_depot_recall(hash, count);
    if (CN_UNLIKELY(id == CN_DEPOT_NONE)) {
        cn_trail_copy(trail, count, frames);
        id = cn_depot_put(frames, count);
    }
    return id;
}

/* Walks are remembered when they lead to a stack that was met lately: to remember one takes as long as several
 * walks. */
static CN_READS_STACK CN_NOINLINE uint32_t walk_and_remember(struct thread *thread, struct memo *memo,
                                                             const struct cn_registers *at, size_t depth) {
    size_t count = cn_trail_follow(&thread->trail, at, depth, &thread->readable);
    if (count == 0) {
        return walk_alone(at, CN_UNWIND_FROM_CALL, depth);
    }
    uint64_t hash = cn_trail_hash(&thread->trail, count);
    struct recent *recent = &thread->recents[hash >> (64 - RECENT_BITS)];
    if (recent->hash != hash || recent->count != count || recent->id == CN_DEPOT_NONE) {
        uint32_t id = ask_depot(&thread->trail, hash, count);
        *recent = (struct recent){hash, (uint32_t)count, id != CN_DEPOT_FULL ? id : CN_DEPOT_NONE};
        return id;
    }
    struct outline *outline = outline_of(thread, at);
    remember(thread, memo, at, depth, recent->id);
    if (memo->pc != 0 && memo->word_count != 0 && (outline->pc != at->pc || outline->sp != at->sp)) {
        draw_outline(outline, memo);
        *memo_of(thread, at) = *memo;
    }
    return recent->id;
}

CN_READS_STACK uint32_t cn_stack_capture(const struct cn_stack_start *start) {
    const struct cn_registers *at = &start->registers;
    size_t depth = atomic_load_explicit(&depth_now, memory_order_relaxed);
    if (depth == 0) {
        return CN_DEPOT_NONE;
    }
    struct thread *thread = mine;
    thread = CN_LIKELY(thread != NULL) ? thread : take_thread();
    if (CN_UNLIKELY(thread == NULL || thread->is_busy || !is_own(thread, at->sp))) {
        return walk_alone(at, CN_UNWIND_FROM_CALL, depth);
    }
    thread->is_busy = true;
    atomic_signal_fence(memory_order_seq_cst);
    struct memo *memo = memo_of(thread, at);
    uint32_t id = recall(thread, memo, at, depth);
    if (CN_UNLIKELY(id == CN_DEPOT_NONE)) {
        id = walk_and_remember(thread, memo, at, depth);
    }
    atomic_signal_fence(memory_order_seq_cst);
    thread->is_busy = false;
    return id;
}

uint32_t cn_stack_capture_interrupted(const void *context) {
    struct cn_registers at = cn_machine_interrupted(context);
    size_t depth = atomic_load_explicit(&depth_now, memory_order_relaxed);
    return depth == 0 ? CN_DEPOT_NONE : walk_alone(&at, CN_UNWIND_FROM_INTERRUPTED, depth);
}

void cn_stack_set_depth(size_t depth) {
    atomic_store_explicit(&depth_now, cn_min(depth, CN_FRAME_MAX_DEPTH), memory_order_relaxed);
}
