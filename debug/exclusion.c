#include "exclusion.h"

#include <string.h>

#include "alloc/guard.h"
#include "alloc/os.h"
#include "alloc/region.h"
#include "maps.h"
#include "self.h"
#include "stack.h"

void cn_exclusion_add(struct cn_exclusion *exclusion, uintptr_t start, uintptr_t end) {
    if (exclusion->count < CN_EXCLUSION_MAX) {
        exclusion->ranges[exclusion->count] = (struct cn_excluded){start, end};
    }
    exclusion->count++;
}

bool cn_exclusion_is_complete(const struct cn_exclusion *exclusion) { return exclusion->count <= CN_EXCLUSION_MAX; }

static void exclude_captures(void *argument, uintptr_t start, uintptr_t end) { cn_exclusion_add(argument, start, end); }

void cn_exclusion_add_memory_of_cairn(struct cn_exclusion *exclusion) {
    if (cn_region.base != NULL) {
        uintptr_t base = (uintptr_t)cn_region.base;
        cn_exclusion_add(exclusion, (uintptr_t)cn_region.heaps - CN_GAP_BYTES,
                         base + cn_region.arena_limit * CN_ARENA_BYTES);
    }
    uintptr_t zone = (uintptr_t)cn_guard_zone.start;
    cn_exclusion_add(exclusion, zone, zone + atomic_load(&cn_guard_zone.bytes));
    size_t bytes;
    uintptr_t tables = (uintptr_t)cn_guard_tables(&bytes);
    cn_exclusion_add(exclusion, tables, tables + bytes);
    cn_stack_visit_memory(exclude_captures, exclusion);
}

/* ---- stacks -------------------------------------------------------------------------------------------------- */

enum { CONTROL_BYTES = 4096 }; /* of a control block, at most */

struct stacks {
    struct cn_exclusion *exclusion;
    const struct cn_stopped *stopped;
    const struct cn_mapping *mapping;
    bool is_threads_own; /* the mapping is the stack that a thread has begun on */
    bool has_taken;      /* the thread, or one of those, has not ended */
    uintptr_t pointer;   /* a thread's into its stack ... */
    uintptr_t low;       /* ... and where the stack begins, as far as is known */
    bool is_in_use;      /* a thread's stack pointer lies in it */
    uintptr_t guard_end; /* of the last mapping that cannot be accessed */
};

static bool is_main_stack(const struct cn_mapping *mapping) { return strcmp(mapping->path, "[stack]") == 0; }

/* A stack has pages below it that cannot be accessed, but for the main thread's, which grows. What has none may be a
 * stack that the program has made within other memory. */
static bool is_stack(const struct stacks *stacks, const struct cn_mapping *mapping) {
    return stacks->guard_end == mapping->start || is_main_stack(mapping);
}

static bool holds_control(const struct stacks *stacks, const struct cn_self *self) {
    return self->control >= stacks->mapping->start && self->control < stacks->mapping->end;
}

static void look_for_own(const struct cn_self *self, void *argument) {
    struct stacks *stacks = argument;
    bool is_own = holds_control(stacks, self);
    stacks->is_threads_own |= is_own; /* also of a thread that is about to end */
    stacks->has_taken |= is_own && atomic_load_explicit(&self->is_taken, memory_order_relaxed);
}

/* A control block lies at the upper end of its stack; where stacks have no guards between them, several are one mapping. */
static void raise_low(const struct cn_self *self, void *argument) {
    struct stacks *stacks = argument;
    if (holds_control(stacks, self) && self->control < stacks->pointer) {
        stacks->low = cn_max(stacks->low, self->control + CONTROL_BYTES);
    }
}

/* Another thread's pointer, below, whose stack's upper end is not known. */
static bool is_another_below(const struct stacks *stacks, uintptr_t pointer) {
    return pointer >= stacks->low && pointer < stacks->pointer;
}

static bool is_any_below(const struct stacks *stacks) {
    bool is_any = is_another_below(stacks, stacks->stopped->stack_pointer);
    for (size_t i = 0; i < stacks->stopped->count && !is_any; i++) {
        is_any = is_another_below(stacks, stacks->stopped->threads[i].stack_pointer);
    }
    return is_any;
}

/* Below the pointer, where it lies in the mapping. Not of a coroutine's stack: there may be others' in the mapping. */
static void exclude_below(struct stacks *stacks, uintptr_t stack_pointer) {
    if (!stacks->is_threads_own || stack_pointer < stacks->mapping->start || stack_pointer >= stacks->mapping->end) {
        return;
    }
    stacks->is_in_use = true;
    stacks->pointer = stack_pointer;
    stacks->low = stacks->mapping->start;
    cn_self_visit(raise_low, stacks);
    if (stacks->low < stack_pointer && !is_any_below(stacks)) {
        cn_exclusion_add(stacks->exclusion, stacks->low, stack_pointer);
    }
}

/* The first word of a thread's control block is its address, by the ABI of x86-64. Something else may be mapped there now;
 * where it has no such word, ended threads' stacks can hold pointers. */
static bool is_control(uintptr_t control) {
    uintptr_t word;
    const void *place = (const void *)control; // NOLINT: where a stack was, at least
    return cn_os_peek(place, &word, sizeof word) == sizeof word && word == control;
}

/* Whether a thread that runs has the control block: one of its registers points there. It may never have called Cairn. */
static bool is_control_of_running(const struct stacks *stacks, uintptr_t control) {
    for (size_t i = 0; i < stacks->stopped->count; i++) {
        const struct cn_stopped_thread *thread = &stacks->stopped->threads[i];
        for (size_t word = 0; word < thread->words; word++) {
            if (thread->registers[word] == control) {
                return true;
            }
        }
    }
    return false;
}

/* A thread that has ended leaves its stack mapped for the next. */
static void exclude_ended(const struct cn_self *self, void *argument) {
    struct stacks *stacks = argument;
    bool is_taken = atomic_load_explicit(&self->is_taken, memory_order_relaxed);
    if (!is_taken && holds_control(stacks, self) && is_control(self->control) &&
        !is_control_of_running(stacks, self->control)) {
        cn_exclusion_add(stacks->exclusion, stacks->mapping->start, self->control);
    }
}

static bool exclude_in_mapping(const struct cn_mapping *mapping, void *argument) {
    struct stacks *stacks = argument;
    if (!mapping->is_readable && !mapping->is_writable) {
        stacks->guard_end = mapping->end;
    }
    if (!mapping->is_writable || cn_maps_is_file(mapping) || !is_stack(stacks, mapping)) {
        return true;
    }
    stacks->mapping = mapping;
    stacks->is_in_use = false;
    stacks->is_threads_own = is_main_stack(mapping);
    stacks->has_taken = false;
    cn_self_visit(look_for_own, stacks);
    exclude_below(stacks, stacks->stopped->stack_pointer);
    for (size_t i = 0; i < stacks->stopped->count; i++) {
        exclude_below(stacks, stacks->stopped->threads[i].stack_pointer);
    }
    if (!stacks->is_in_use && !stacks->has_taken) {
        cn_self_visit(exclude_ended, stacks);
    }
    return true;
}

void cn_exclusion_add_stacks(struct cn_exclusion *exclusion, const struct cn_stopped *stopped) {
    struct stacks stacks = {.exclusion = exclusion, .stopped = stopped};
    uintptr_t own = (uintptr_t)stopped->own_memory;
    if (own != 0) {
        cn_exclusion_add(exclusion, own, own + stopped->own_bytes);
    }
    (void)cn_maps_walk(exclude_in_mapping, &stacks);
}

/* ---- what is left -------------------------------------------------------------------------------------------- */

bool cn_exclusion_next(const struct cn_exclusion *exclusion, uintptr_t *at, uintptr_t end, uintptr_t *to) {
    size_t count = cn_min(exclusion->count, CN_EXCLUSION_MAX);
    *to = end;
    for (size_t i = 0; i < count; i++) {
        const struct cn_excluded *range = &exclusion->ranges[i];
        if (*at >= range->start && *at < range->end) {
            *at = range->end;
            *to = end;
            i = SIZE_MAX; /* from the beginning: another may lie around the new place */
        } else if (range->start > *at && range->start < *to) {
            *to = range->start;
        }
    }
    return *at < end;
}
