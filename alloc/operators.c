/*
 * operators.c: the operators new and delete that programs call most, by the paths of fast.h. The others, and what these do
 * where memory has run out, are in new_delete.cc: C++ may throw, and cannot include the core's headers.
 *
 * The functions here have C names of their own; the linker knows them by the operators' names, where `m` stands for
 * size_t.
 */
#include "operators.h"

#include "cairn.h"
#include "fast.h"
#include "form.h"

#define NAMED(linked_name) __asm__(linked_name) __attribute__((visibility("default")))

void *cn_operator_new(size_t size) NAMED("_Znwm");
void *cn_operator_new_array(size_t size) NAMED("_Znam");
void cn_operator_delete(void *block) NAMED("_ZdlPv");
void cn_operator_delete_array(void *block) NAMED("_ZdaPv");
void cn_operator_delete_sized(void *block, size_t size) NAMED("_ZdlPvm");
void cn_operator_delete_array_sized(void *block, size_t size) NAMED("_ZdaPvm");

static const struct cn_release by_delete = {"delete", CN_ASKED_NEW, CN_ANY_SIZE, 0};
static const struct cn_release by_delete_array = {"delete[]", CN_ASKED_NEW_ARRAY, CN_ANY_SIZE, 0};

CN_INLINE void *take(size_t size, enum cn_asked asked) {
    void *block = CAIRN_DEBUG ? cn_debug_malloc(NULL, size, CN_GRANULE_BYTES, asked) : cn_fast_small(size);
    return CN_LIKELY(block != NULL) ? block : cn_operator_new_slow(size, asked);
}

CN_INLINE void release(void *block, const struct cn_release *how) {
    if (CAIRN_DEBUG) {
        cn_debug_free(NULL, block, how);
        return;
    }
    cn_fast_free(block);
}

/* No realloc comes between new and delete. */
static CN_NOINLINE void delete_slow(void *block, size_t size) {
    cn_slow_free_sized("delete", block, size, CN_ORIGIN_MALLOC);
}

static CN_NOINLINE void delete_array_slow(void *block, size_t size) {
    cn_slow_free_sized("delete[]", block, size, CN_ORIGIN_MALLOC);
}

CN_INLINE void release_sized(void *block, size_t size, const struct cn_release *how,
                             void (*slow)(void *block, size_t size)) {
    if (CAIRN_DEBUG) {
        cn_debug_free(NULL, block, &(struct cn_release){how->operation, how->family, size, 0});
        return;
    }
    cn_fast_free_sized(block, size, slow);
}

void *cn_operator_new(size_t size) { return take(size, CN_ASKED_NEW); }
void *cn_operator_new_array(size_t size) { return take(size, CN_ASKED_NEW_ARRAY); }
void cn_operator_delete(void *block) { release(block, &by_delete); }
void cn_operator_delete_array(void *block) { release(block, &by_delete_array); }
void cn_operator_delete_sized(void *block, size_t size) { release_sized(block, size, &by_delete, delete_slow); }
void cn_operator_delete_array_sized(void *block, size_t size) {
    release_sized(block, size, &by_delete_array, delete_array_slow);
}
