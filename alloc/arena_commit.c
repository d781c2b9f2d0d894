/*
 * arena_commit.c: the memory under arenas: where it comes from, and that it goes.
 */
#include "arena.h"

#include "counts.h"
#include "os_watch.h"

/* The notes of the arena in which a run starts: its others are never written. */
static CN_NOINLINE bool commit_notes(size_t index) {
    struct cn_arena *arena = &cn_region.arenas[index];
    cn_lock_take(&cn_region.lock);
    bool is_done = atomic_load_explicit(&arena->has_notes, memory_order_relaxed) ||
                   cn_os_commit(cn_slot_notes(index * CN_ARENA_SLOTS), (size_t)CN_ARENA_SLOTS * CN_NOTES_SLOT_BYTES);
    atomic_store_explicit(&arena->has_notes, is_done, memory_order_release);
    cn_lock_give(&cn_region.lock);
    return is_done;
}

/* Under the region's lock, which also orders this after what others have committed. All of them at once: the system is to
 * refuse what it would refuse in one mapping. */
static bool commit_locked(size_t first, size_t end) {
    if (!cn_os_commit(cn_arena_address(first), (end - first) * CN_ARENA_BYTES)) {
        return false;
    }
    cn_watch_hide(cn_arena_address(first), (end - first) * CN_ARENA_BYTES);
    for (size_t index = first; index < end; index++) {
        atomic_store_explicit(&cn_region.arenas[index].is_committed, true, memory_order_release);
    }
    (void)cn_count_add(&cn_counts.committed_arenas, end - first);
    cn_count_peaks();
    return true;
}

/* Those of the arenas from `first` to `end` that are not committed yet. */
static CN_NOINLINE bool commit_rest(size_t first, size_t end) {
    bool is_done = true;
    cn_lock_take(&cn_region.lock);
    while (is_done && first < end) {
        size_t next = first;
        while (next < end && !cn_arena_is_committed(next)) {
            next++;
        }
        is_done = next == first || commit_locked(first, next);
        first = next + 1;
    }
    cn_lock_give(&cn_region.lock);
    return is_done;
}

static bool has_notes(size_t index) {
    return CN_NOTES_SLOT_BYTES == 0 || atomic_load_explicit(&cn_region.arenas[index].has_notes, memory_order_acquire) ||
           commit_notes(index);
}

bool cn_arena_commit(size_t slot, size_t count) {
    size_t first = slot / CN_ARENA_SLOTS;
    size_t next = first;
    size_t end = (slot + count + CN_ARENA_SLOTS - 1) / CN_ARENA_SLOTS;
    while (next < end && atomic_load_explicit(&cn_region.arenas[next].is_committed, memory_order_acquire)) {
        next++;
    }
    return (next == end || commit_rest(next, end)) && has_notes(first);
}

bool cn_arena_decommit(size_t index) {
    if (!cn_os_decommit(cn_arena_address(index), CN_ARENA_BYTES)) {
        return false;
    }
    atomic_store_explicit(&cn_region.arenas[index].is_committed, false, memory_order_release);
    cn_count_sub(&cn_counts.committed_arenas, 1);
    return true;
}
