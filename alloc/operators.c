/*
 * operators.c: the operators new that programs call most, and all delete, by the paths of fast.h. The other operators
 * new, and what these do where memory has run out, are in new_delete.cc: C++ may throw, and cannot include the core's
 * headers.
 *
 * The functions here have C names of their own; the linker knows them by the operators' names, where `m` stands for
 * size_t, `RKSt9nothrow_t` for std::nothrow's address and `St11align_val_t` for an alignment. These names are weak, so
 * that a program that Cairn is linked into can replace some of them, as it can in the shared library. Then those that
 * stand for a replaced one call that (replaced.h).
 */
#include "operators.h"

#include "cairn.h"
#include "fast.h"
#include "form.h"
#include "replaced.h"
#include "watched.h"

#define NAMED(linked_name) __asm__(linked_name) __attribute__((weak, visibility("default")))
/* For those that replaced.c must tell from what their names lead to. */
#define NAME_OF(function, linked_name)                                                                                 \
    extern __typeof__(function) linked_##function NAMED(linked_name) __attribute__((alias(#function)))

NAME_OF(cn_operator_new, "_Znwm");
NAME_OF(cn_operator_new_array, "_Znam");

NAME_OF(cn_operator_delete, "_ZdlPv");
NAME_OF(cn_operator_delete_array, "_ZdaPv");
void cn_operator_delete_nothrow(void *block, const void *nothrow) NAMED("_ZdlPvRKSt9nothrow_t");
void cn_operator_delete_array_nothrow(void *block, const void *nothrow) NAMED("_ZdaPvRKSt9nothrow_t");

void cn_operator_delete_sized(void *block, size_t size) NAMED("_ZdlPvm");
void cn_operator_delete_array_sized(void *block, size_t size) NAMED("_ZdaPvm");

NAME_OF(cn_operator_delete_aligned, "_ZdlPvSt11align_val_t");
NAME_OF(cn_operator_delete_array_aligned, "_ZdaPvSt11align_val_t");
void cn_operator_delete_aligned_nothrow(void *block, size_t alignment, const void *nothrow)
    NAMED("_ZdlPvSt11align_val_tRKSt9nothrow_t");
void cn_operator_delete_array_aligned_nothrow(void *block, size_t alignment, const void *nothrow)
    NAMED("_ZdaPvSt11align_val_tRKSt9nothrow_t");

void cn_operator_delete_sized_aligned(void *block, size_t size, size_t alignment) NAMED("_ZdlPvmSt11align_val_t");
void cn_operator_delete_array_sized_aligned(void *block, size_t size, size_t alignment) NAMED("_ZdaPvmSt11align_val_t");

/* ---- operators of the program's ------------------------------------------------------------------------------ */

/* For the short paths of those that stand for others: cn_class_table.small_end where none of these is replaced; 0 where
 * one is, and until the library is loaded. So the test for that is the one of the size, and costs nothing more. */
static size_t own_end;
/* Likewise whether delete with an alignment is Cairn's. */
static bool is_aligned_own;

/* Right behind the core's, which opens the table of classes. Those of arrays are replaced where those of objects are. */
__attribute__((constructor(102))) static void on_load(void) {
    bool is_own = cn_replaced_by(CN_OPERATOR_NEW_ARRAY) == NULL && cn_replaced_by(CN_OPERATOR_DELETE_ARRAY) == NULL;
    own_end = is_own ? cn_class_table.small_end : 0;
    is_aligned_own = cn_replaced_by(CN_OPERATOR_DELETE_ARRAY_ALIGNED) == NULL;
}

/* Whether the program's operator delete has taken the block in the place of Cairn's. */
static bool is_deleted_by(enum cn_operator which, void *block) {
    void (*theirs)(void) = cn_replaced_by(which);
    if (theirs != NULL) {
        ((void (*)(void *))theirs)(block);
    }
    return theirs != NULL;
}

static bool is_deleted_aligned_by(enum cn_operator which, void *block, size_t alignment) {
    void (*theirs)(void) = cn_replaced_by(which);
    if (theirs != NULL) {
        ((void (*)(void *, size_t))theirs)(block, alignment);
    }
    return theirs != NULL;
}

/* ---- new ----------------------------------------------------------------------------------------------------- */

/* `end` is where the table of classes ends. */
CN_INLINE void *take(size_t end, size_t size, enum cn_asked asked) {
    void *block = CAIRN_DEBUG ? cn_debug_malloc(NULL, size, CN_GRANULE_BYTES, asked) : cn_fast_small_below(end, size);
    return CN_LIKELY(block != NULL) ? block : cn_operator_new_slow(size, asked);
}

static CN_NOINLINE void *new_array_slow(size_t size) {
    void (*theirs)(void) = cn_replaced_by(CN_OPERATOR_NEW);
    return theirs != NULL ? ((void *(*)(size_t))theirs)(size)
                          : take(cn_class_table.small_end, size, CN_ASKED_NEW_ARRAY);
}

void *cn_operator_new(size_t size) { return take(cn_class_table.small_end, size, CN_ASKED_NEW); }
void *cn_operator_new_array(size_t size) {
    void *block = CAIRN_DEBUG ? NULL : cn_fast_small_below(own_end, size);
    return CN_LIKELY(block != NULL) ? block : new_array_slow(size);
}

/* ---- delete -------------------------------------------------------------------------------------------------- */

/* One of the two families: what one has made, the other must not delete. */
struct family {
    const char *operation;
    enum cn_asked asked;
    enum cn_operator plain;   /* which the sized and nothrow ones stand for */
    enum cn_operator aligned; /* likewise where they have an alignment */
    void (*slow)(void *block);
    void (*slow_sized)(void *block, size_t size);
};

static CN_NOINLINE void object_slow(void *block) { cn_slow_free_by("delete", block); }
static CN_NOINLINE void array_slow(void *block) { cn_slow_free_by("delete[]", block); }

/* No realloc comes between new and delete. */
static CN_NOINLINE void object_slow_sized(void *block, size_t size) {
    if (!is_deleted_by(CN_OPERATOR_DELETE, block)) {
        cn_slow_free_sized("delete", block, size, CN_ORIGIN_MALLOC);
    }
}
static CN_NOINLINE void array_slow_sized(void *block, size_t size) {
    if (!is_deleted_by(CN_OPERATOR_DELETE_ARRAY, block)) {
        cn_slow_free_sized("delete[]", block, size, CN_ORIGIN_MALLOC);
    }
}

static const struct family object = {"delete",    CN_ASKED_NEW,     CN_OPERATOR_DELETE, CN_OPERATOR_DELETE_ALIGNED,
                                     object_slow, object_slow_sized};
static const struct family array = {
    "delete[]", CN_ASKED_NEW_ARRAY, CN_OPERATOR_DELETE_ARRAY, CN_OPERATOR_DELETE_ARRAY_ALIGNED,
    array_slow, array_slow_sized};

CN_INLINE void release_checked(void *block, const struct family *family, size_t size, size_t alignment) {
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
    if (!CAIRN_DEBUG) {
        cn_fast_free_sized(own_end, block, size, family->slow_sized);
    } else if (!is_deleted_by(family->plain, block)) {
        release_checked(block, family, size, 0);
    }
}

/* ---- delete that stands for another -------------------------------------------------------------------------- */

/* The search for another is called last, so that the short path saves no registers. */
static CN_NOINLINE void find_and_release(void *block, const struct family *family, enum cn_operator which) {
    if (!is_deleted_by(which, block)) {
        release(block, family, 0);
    }
}
CN_INLINE void release_as(void *block, const struct family *family, enum cn_operator which) {
    if (CN_UNLIKELY(own_end == 0)) {
        find_and_release(block, family, which);
        return;
    }
    release(block, family, 0);
}

static CN_NOINLINE void find_and_release_aligned(void *block, const struct family *family, enum cn_operator which,
                                                 size_t alignment) {
    if (!is_deleted_aligned_by(which, block, alignment)) {
        release(block, family, alignment);
    }
}
CN_INLINE void release_aligned_as(void *block, const struct family *family, enum cn_operator which, size_t alignment) {
    if (CN_UNLIKELY(!is_aligned_own)) {
        find_and_release_aligned(block, family, which, alignment);
        return;
    }
    release(block, family, alignment);
}

static void release_sized_aligned(void *block, const struct family *family, size_t size, size_t alignment) {
    if (CN_UNLIKELY(!is_aligned_own) && is_deleted_aligned_by(family->aligned, block, alignment)) {
        return;
    }
    if (CAIRN_DEBUG) {
        release_checked(block, family, size, alignment);
        return;
    }
    if (block != NULL) {
        cn_route_check_size(family->operation, block, alignment, cn_watched_padded(size), CN_ORIGIN_MALLOC);
        cn_fast_free(block, family->slow);
    }
}

/* ---- the operators delete ------------------------------------------------------------------------------------ */

void cn_operator_delete(void *block) { release(block, &object, 0); }
void cn_operator_delete_array(void *block) { release_as(block, &array, CN_OPERATOR_DELETE); }

void cn_operator_delete_nothrow(void *block, const void *nothrow) {
    (void)nothrow;
    release_as(block, &object, CN_OPERATOR_DELETE);
}
void cn_operator_delete_array_nothrow(void *block, const void *nothrow) {
    (void)nothrow;
    release_as(block, &array, CN_OPERATOR_DELETE_ARRAY);
}

void cn_operator_delete_sized(void *block, size_t size) { release_sized(block, &object, size); }
void cn_operator_delete_array_sized(void *block, size_t size) { release_sized(block, &array, size); }

void cn_operator_delete_aligned(void *block, size_t alignment) { release(block, &object, alignment); }
void cn_operator_delete_array_aligned(void *block, size_t alignment) {
    release_aligned_as(block, &array, CN_OPERATOR_DELETE_ALIGNED, alignment);
}

void cn_operator_delete_aligned_nothrow(void *block, size_t alignment, const void *nothrow) {
    (void)nothrow;
    release_aligned_as(block, &object, CN_OPERATOR_DELETE_ALIGNED, alignment);
}
void cn_operator_delete_array_aligned_nothrow(void *block, size_t alignment, const void *nothrow) {
    (void)nothrow;
    release_aligned_as(block, &array, CN_OPERATOR_DELETE_ARRAY_ALIGNED, alignment);
}

void cn_operator_delete_sized_aligned(void *block, size_t size, size_t alignment) {
    release_sized_aligned(block, &object, size, alignment);
}
void cn_operator_delete_array_sized_aligned(void *block, size_t size, size_t alignment) {
    release_sized_aligned(block, &array, size, alignment);
}
