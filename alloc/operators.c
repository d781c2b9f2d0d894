/*
 * operators.c: the operators new that programs call most, and all delete, by the paths of fast.h. The other operators
 * new, and what these do where memory has run out, are in new_delete.cc: C++ may throw, and cannot include the core's
 * headers.
 *
 * The functions here have C names of their own; the linker knows them by the operators' names, where `m` stands for
 * size_t, `RKSt9nothrow_t` for std::nothrow's address and `St11align_val_t` for an alignment.
 */
#include "operators.h"

#include "cairn.h"
#include "fast.h"
#include "form.h"
#include "watched.h"

#define NAMED(linked_name) __asm__(linked_name) __attribute__((visibility("default")))

void *cn_operator_new(size_t size) NAMED("_Znwm");
void *cn_operator_new_array(size_t size) NAMED("_Znam");

void cn_operator_delete(void *block) NAMED("_ZdlPv");
void cn_operator_delete_array(void *block) NAMED("_ZdaPv");
void cn_operator_delete_nothrow(void *block, const void *nothrow) NAMED("_ZdlPvRKSt9nothrow_t");
void cn_operator_delete_array_nothrow(void *block, const void *nothrow) NAMED("_ZdaPvRKSt9nothrow_t");

void cn_operator_delete_sized(void *block, size_t size) NAMED("_ZdlPvm");
void cn_operator_delete_array_sized(void *block, size_t size) NAMED("_ZdaPvm");

void cn_operator_delete_aligned(void *block, size_t alignment) NAMED("_ZdlPvSt11align_val_t");
void cn_operator_delete_array_aligned(void *block, size_t alignment) NAMED("_ZdaPvSt11align_val_t");
void cn_operator_delete_aligned_nothrow(void *block, size_t alignment, const void *nothrow)
    NAMED("_ZdlPvSt11align_val_tRKSt9nothrow_t");
void cn_operator_delete_array_aligned_nothrow(void *block, size_t alignment, const void *nothrow)
    NAMED("_ZdaPvSt11align_val_tRKSt9nothrow_t");

void cn_operator_delete_sized_aligned(void *block, size_t size, size_t alignment) NAMED("_ZdlPvmSt11align_val_t");
void cn_operator_delete_array_sized_aligned(void *block, size_t size, size_t alignment) NAMED("_ZdaPvmSt11align_val_t");

/* ---- new ----------------------------------------------------------------------------------------------------- */

CN_INLINE void *take(size_t size, enum cn_asked asked) {
    void *block = CAIRN_DEBUG ? cn_debug_malloc(NULL, size, CN_GRANULE_BYTES, asked) : cn_fast_small(size);
    return CN_LIKELY(block != NULL) ? block : cn_operator_new_slow(size, asked);
}

void *cn_operator_new(size_t size) { return take(size, CN_ASKED_NEW); }
void *cn_operator_new_array(size_t size) { return take(size, CN_ASKED_NEW_ARRAY); }

/* ---- delete -------------------------------------------------------------------------------------------------- */

/* One of the two families: what one has made, the other must not delete. */
struct family {
    const char *operation;
    enum cn_asked asked;
    void (*slow)(void *block);
    void (*slow_sized)(void *block, size_t size);
};

static CN_NOINLINE void object_slow(void *block) { cn_slow_free_by("delete", block); }
static CN_NOINLINE void array_slow(void *block) { cn_slow_free_by("delete[]", block); }

/* No realloc comes between new and delete. */
static CN_NOINLINE void object_slow_sized(void *block, size_t size) {
    cn_slow_free_sized("delete", block, size, CN_ORIGIN_MALLOC);
}
static CN_NOINLINE void array_slow_sized(void *block, size_t size) {
    cn_slow_free_sized("delete[]", block, size, CN_ORIGIN_MALLOC);
}

static const struct family object = {"delete", CN_ASKED_NEW, object_slow, object_slow_sized};
static const struct family array = {"delete[]", CN_ASKED_NEW_ARRAY, array_slow, array_slow_sized};

static void release_checked(void *block, const struct family *family, size_t size, size_t alignment) {
    cn_debug_free(NULL, block, &(struct cn_release){family->operation, family->asked, size, alignment});
}

/* `alignment` is what the call says; 0: it says none. Without a size the release form does not look at it. */
CN_INLINE void release(void *block, const struct family *family, size_t alignment) {
    if (CAIRN_DEBUG) {
        release_checked(block, family, CN_ANY_SIZE, alignment);
        return;
    }
    cn_fast_free(block, family->slow);
}

CN_INLINE void release_sized(void *block, const struct family *family, size_t size) {
    if (CAIRN_DEBUG) {
        release_checked(block, family, size, 0);
        return;
    }
    cn_fast_free_sized(block, size, family->slow_sized);
}

static void release_sized_aligned(void *block, const struct family *family, size_t size, size_t alignment) {
    if (CAIRN_DEBUG) {
        release_checked(block, family, size, alignment);
        return;
    }
    if (block != NULL) {
        cn_route_check_size(family->operation, block, alignment, cn_watched_padded(size), CN_ORIGIN_MALLOC);
        cn_fast_free(block, family->slow);
    }
}

void cn_operator_delete(void *block) { release(block, &object, 0); }
void cn_operator_delete_array(void *block) { release(block, &array, 0); }

void cn_operator_delete_nothrow(void *block, const void *nothrow) {
    (void)nothrow;
    release(block, &object, 0);
}
void cn_operator_delete_array_nothrow(void *block, const void *nothrow) {
    (void)nothrow;
    release(block, &array, 0);
}

void cn_operator_delete_sized(void *block, size_t size) { release_sized(block, &object, size); }
void cn_operator_delete_array_sized(void *block, size_t size) { release_sized(block, &array, size); }

void cn_operator_delete_aligned(void *block, size_t alignment) { release(block, &object, alignment); }
void cn_operator_delete_array_aligned(void *block, size_t alignment) { release(block, &array, alignment); }

void cn_operator_delete_aligned_nothrow(void *block, size_t alignment, const void *nothrow) {
    (void)nothrow;
    release(block, &object, alignment);
}
void cn_operator_delete_array_aligned_nothrow(void *block, size_t alignment, const void *nothrow) {
    (void)nothrow;
    release(block, &array, alignment);
}

void cn_operator_delete_sized_aligned(void *block, size_t size, size_t alignment) {
    release_sized_aligned(block, &object, size, alignment);
}
void cn_operator_delete_array_sized_aligned(void *block, size_t size, size_t alignment) {
    release_sized_aligned(block, &array, size, alignment);
}
