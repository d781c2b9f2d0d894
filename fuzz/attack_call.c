#include "fuzz/attack_call.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/expect.h"
#include "fuzz/system.h"
#include "fuzz/trace.h"

static size_t walked;

/* ---- calls --------------------------------------------------------------------------------------------------- */

static bool count_block(void *block, size_t usable, void *argument) {
    const struct cn_attack_block *known = cn_attack_find(argument, block);
    CN_EXPECT(known != NULL && known->usable == usable, "the walk shows live blocks as they were handed out");
    walked++;
    return true;
}

static void look(struct cn_attack_model *model) {
    walked = 0;
    CN_EXPECT(cairn_check(), "all invariants hold");
    CN_EXPECT(cairn_walk(count_block, model), "the walk comes to its end");
    CN_EXPECT(walked == model->live_count, "the walk shows every live block");
}

static void allocate(struct cn_attack_call *call) {
    struct cairn_heap *heap = call->heap;
    bool is_named = heap != NULL;
    if (call->function == CN_CALL_MALLOC) {
        call->result = is_named ? cairn_heap_malloc(heap, call->size) : cairn_malloc(call->size);
    } else if (call->function == CN_CALL_CALLOC) {
        call->result = is_named ? cairn_heap_calloc(heap, 1, call->size) : cairn_calloc(1, call->size);
    } else if (call->function == CN_CALL_ALIGNED_ALLOC) {
        call->result = is_named ? cairn_heap_aligned_alloc(heap, call->alignment, call->size)
                                : cairn_aligned_alloc(call->alignment, call->size);
    } else {
        call->result =
            is_named ? cairn_heap_realloc(heap, call->block, call->size) : cairn_realloc(call->block, call->size);
    }
}

/* Apart from the call, so that what this reports is not taken for the report of that. */
static void measure(void *argument) {
    struct cn_attack_call *call = argument;
    call->usable = cairn_usable_size(call->result);
}

static void run(void *argument) {
    struct cn_attack_call *call = argument;
    bool is_named = call->heap != NULL;
    switch (call->function) {
    case CN_CALL_FREE:
        is_named ? cairn_heap_free(call->heap, call->block) : cairn_free(call->block);
        break;
    case CN_CALL_FREE_SIZED:
        if (call->alignment > alignof(max_align_t)) {
            cairn_free_aligned_sized(call->block, call->alignment, call->size);
        } else {
            cairn_free_sized(call->block, call->size);
        }
        break;
    case CN_CALL_USABLE_SIZE:
        call->usable = is_named ? cairn_heap_usable_size(call->heap, call->block) : cairn_usable_size(call->block);
        break;
    case CN_CALL_CREATE:
        call->result = cairn_heap_create("attacked", NULL);
        break;
    case CN_CALL_DESTROY:
        cairn_heap_destroy(call->heap);
        break;
    case CN_CALL_TRIM:
        (void)cairn_trim();
        break;
    case CN_CALL_LOOK:
        look(call->model);
        break;
    default:
        allocate(call);
    }
}

/* The kinds of what a caller can do wrong; broken-invariant is none of them. */
static bool is_blamed_on_the_caller(const char *report) {
    static const char *const kinds[] = {"double-free: ", "bad-free: ", "realloc-of-freed: ", "size-mismatch: "};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *kind = strstr(report, kinds[i]);
        if (kind != NULL && kind == report + strlen("cairn: ERROR: ")) {
            return true;
        }
    }
    return false;
}

static bool gives_block(const struct cn_attack_call *call) {
    return call->function == CN_CALL_MALLOC || call->function == CN_CALL_CALLOC ||
           call->function == CN_CALL_ALIGNED_ALLOC || call->function == CN_CALL_REALLOC;
}

static void trace(const struct cn_attack_call *call, enum cn_verdict verdict) {
    static const char *const names[] = {"malloc",      "calloc",      "aligned_alloc", "realloc", "free", "free_sized",
                                        "usable size", "heap create", "heap destroy",  "trim",    "look"};
    static const char *const verdicts[] = {"", ", which is wrong", ", which may be wrong"};
    CN_TRACE("%s: heap %p, block %p, %zu bytes, alignment %zu%s", names[call->function], (void *)call->heap,
             call->block, call->size, call->alignment, verdicts[verdict]);
}

bool cn_attack_perform(struct cn_attack_call *call, enum cn_verdict verdict) {
    trace(call, verdict);
    bool came_back = cn_system_run(run, call);
    if (!came_back && verdict == CN_RIGHT) {
        fputs(cn_system_report(), stderr);
    }
    CN_EXPECT(came_back || verdict != CN_RIGHT, "a call that is right is not reported");
    CN_EXPECT(!came_back || verdict != CN_WRONG, "a call that is wrong is reported");
    CN_EXPECT(came_back || is_blamed_on_the_caller(cn_system_report()), "a report blames the caller");
    if (came_back && gives_block(call)) {
        cn_system_run_quietly(measure, call);
    }
    if (came_back) {
        CN_TRACE("  returns %p, %zu usable bytes", call->result, call->usable);
    } else {
        CN_TRACE("  is reported: %s", cn_system_report());
    }
    return came_back;
}
