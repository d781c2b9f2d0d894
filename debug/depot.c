#include "depot.h"

#include <stdatomic.h>
#include <string.h>

#include "alloc/module.h"
#include "alloc/os.h"

enum {
    UNIT_BYTES = 16,
    CHUNK_BYTES = 1 << 20,
    CHUNK_UNITS = CHUNK_BYTES / UNIT_BYTES,
    CHUNK_COUNT = 256,
    FIRST_ID = 2, /* beyond the ids that are not of a stack */
    CHAIN_BITS = 18,
    SITE_FRAMES = 4, /* that the site hash is made of */
};

static _Atomic uint32_t chains[1 << CHAIN_BITS]; /* the newest entry's id; release, pairs with `look_for` */
static _Atomic(char *) chunks[CHUNK_COUNT];      /* release, pairs with `entry_of` */
static _Atomic uint32_t next_id = FIRST_ID;

static struct cn_depot_stack *entry_of(uint32_t id) {
    char *chunk = atomic_load_explicit(&chunks[id / CHUNK_UNITS], memory_order_acquire);
    return (struct cn_depot_stack *)(void *)(chunk + (size_t)(id % CHUNK_UNITS) * UNIT_BYTES);
}

/* ---- the site hash ------------------------------------------------------------------------------------------- */

/* The name without its directories: a program may be started from elsewhere next time. */
static uint64_t hash_name(const char *path) {
    uint64_t hash = 0;
    const char *slash = strrchr(path, '/');
    for (const char *c = slash != NULL ? slash + 1 : path; *c != '\0'; c++) {
        hash = cn_hash_mix(hash, (unsigned char)*c);
    }
    return hash;
}

/* Whether the frame is of the library that this code is in; not where that is the program itself. */
static bool is_own(const struct cn_module *module) {
    struct cn_module own;
    return cn_module_find((uintptr_t)&is_own, &own) && own.identity == module->identity && own.path[0] != '\0';
}

static uint64_t site_hash_of(const uintptr_t *frames, size_t count) {
    uint64_t hash = 1;
    size_t used = 0;
    for (size_t i = 0; i < count && used < SITE_FRAMES; i++) {
        struct cn_module module = {.path = ""};
        bool is_known = cn_module_find(cn_frame_instruction(frames[i]), &module);
        if (is_known && used == 0 && is_own(&module)) {
            continue;
        }
        hash = cn_hash_mix(hash, hash_name(module.path));
        hash = cn_hash_mix(hash, is_known ? cn_frame_pc(frames[i]) - module.base : 0);
        used++;
    }
    return hash != 0 ? hash : 1;
}

/* ---- storing ------------------------------------------------------------------------------------------------- */

/* The chunk is there. */
static bool map_chunk(size_t index) {
    char *none = NULL;
    if (atomic_load_explicit(&chunks[index], memory_order_relaxed) != NULL) {
        return true;
    }
    char *chunk = cn_os_map(CHUNK_BYTES, cn_os_page_bytes());
    if (chunk != NULL && !atomic_compare_exchange_strong_explicit(&chunks[index], &none, chunk, memory_order_release,
                                                                  memory_order_relaxed)) {
        cn_os_unmap(chunk, CHUNK_BYTES);
        return true;
    }
    return chunk != NULL;
}

/* Room for an entry, within one chunk; CN_DEPOT_FULL where there is none. */
static uint32_t take_room(uint32_t units) {
    uint32_t end = atomic_load_explicit(&next_id, memory_order_relaxed);
    uint32_t id;
    do {
        id = end % CHUNK_UNITS + units > CHUNK_UNITS ? (end / CHUNK_UNITS + 1) * CHUNK_UNITS : end;
        if (id / CHUNK_UNITS >= CHUNK_COUNT) {
            return CN_DEPOT_FULL;
        }
    } while (
        !atomic_compare_exchange_weak_explicit(&next_id, &end, id + units, memory_order_relaxed, memory_order_relaxed));
    return map_chunk(id / CHUNK_UNITS) ? id : CN_DEPOT_FULL;
}

/* The stack's id among the chain's entries from `id` up to `end`, or CN_DEPOT_NONE. The frames are not looked at:
 * they lie on other cache lines, and of a million stacks two have the same hash once in some ten million runs. */
static uint32_t look_for(uint32_t id, uint32_t end, uint64_t hash, size_t count) {
    while (id != end) {
        const struct cn_depot_stack *entry = entry_of(id);
        if (entry->hash == hash && entry->count == count) {
            return id;
        }
        id = entry->next;
    }
    return CN_DEPOT_NONE;
}

/* Stores the stack, of which the chain had none when its newest entry was `newest`. */
static CN_NOINLINE uint32_t store(_Atomic uint32_t *chain, uint32_t newest, uint64_t hash, const uintptr_t *frames,
                                  size_t count) {
    size_t bytes = sizeof(struct cn_depot_stack) + count * sizeof *frames;
    uint32_t id = take_room((uint32_t)((bytes + UNIT_BYTES - 1) / UNIT_BYTES));
    if (id == CN_DEPOT_FULL) {
        return id;
    }
    struct cn_depot_stack *entry = entry_of(id);
    entry->hash = hash;
    entry->site_hash = site_hash_of(frames, count);
    entry->count = (uint32_t)count;
    memcpy(entry->frames, frames, count * sizeof *frames);
    entry->next = newest;
    while (
        !atomic_compare_exchange_weak_explicit(chain, &entry->next, id, memory_order_release, memory_order_acquire)) {
        uint32_t other = look_for(entry->next, newest, hash, count);
        if (other != CN_DEPOT_NONE) {
            return other; /* Q1; the room is lost */
        }
        newest = entry->next;
    }
    return id;
}

static uint64_t hash_of(const uintptr_t *frames, size_t count) {
    uint64_t sum = 0;
    for (size_t i = count; i > 0; i--) {
        sum = cn_depot_add(sum, frames[i - 1]);
    }
    return cn_depot_hash(sum, count);
}

static _Atomic uint32_t *chain_of(uint64_t hash) { return &chains[hash >> (64 - CHAIN_BITS)]; }

uint32_t cn_depot_recall(uint64_t hash, size_t count) {
    return look_for(atomic_load_explicit(chain_of(hash), memory_order_acquire), CN_DEPOT_NONE, hash, count);
}

uint32_t cn_depot_put(const uintptr_t *frames, size_t count) {
    uint64_t hash = hash_of(frames, count);
    _Atomic uint32_t *chain = chain_of(hash);
    uint32_t newest = atomic_load_explicit(chain, memory_order_acquire);
    uint32_t id = look_for(newest, CN_DEPOT_NONE, hash, count);
    return CN_LIKELY(id != CN_DEPOT_NONE) ? id : store(chain, newest, hash, frames, count);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

const struct cn_depot_stack *cn_depot_find(uint32_t id) {
    return id < FIRST_ID || id >= atomic_load_explicit(&next_id, memory_order_relaxed) ? NULL : entry_of(id);
}

uint64_t cn_depot_site_hash(uint32_t id) {
    const struct cn_depot_stack *stack = cn_depot_find(id);
    return stack != NULL ? stack->site_hash : 0;
}

size_t cn_depot_bytes(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < CHUNK_COUNT; i++) {
        bytes += atomic_load_explicit(&chunks[i], memory_order_relaxed) != NULL ? CHUNK_BYTES : 0;
    }
    return bytes;
}
