/*
 * dropin.c: malloc and its kin by the names of the C library, with the semantics of glibc. On the public header alone,
 * but for the paths of fast.h.
 *
 * Where glibc rounds an alignment that is no power of two up to the next one (memalign, aligned_alloc), so does this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bits.h"
#include "cairn.h"
#include "fast.h"
#include "form.h"

#define EXPORT __attribute__((visibility("default")))

/* Not in the headers of every C library. */
EXPORT void cfree(void *block);
EXPORT void free_sized(void *block, size_t size);
EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size);
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *block);
int __posix_memalign(void **block, size_t alignment, size_t size);
struct mallinfo __libc_mallinfo(void);
int __libc_mallopt(int parameter, int value);

EXPORT void *malloc(size_t size) { return CAIRN_DEBUG ? cairn_malloc(size) : cn_fast_malloc(size); }
EXPORT void *calloc(size_t count, size_t size) { return cairn_calloc(count, size); }
EXPORT void *realloc(void *block, size_t size) { return cairn_realloc(block, size); }
EXPORT void *reallocarray(void *block, size_t count, size_t size) { return cairn_reallocarray(block, count, size); }
EXPORT void free(void *block) {
    if (CAIRN_DEBUG) {
        cairn_free(block);
        return;
    }
    cn_fast_free(block, cn_slow_free);
}
EXPORT void cfree(void *block) { cairn_free(block); }
EXPORT void free_sized(void *block, size_t size) { cairn_free_sized(block, size); }
EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size) {
    cairn_free_aligned_sized(block, alignment, size);
}
EXPORT size_t malloc_usable_size(void *block) { return cairn_usable_size(block); }

/* ---- alignment ----------------------------------------------------------------------------------------------- */

static int is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

EXPORT void *memalign(size_t alignment, size_t size) {
    size_t rounded = 1;
    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    while (rounded < alignment) {
        rounded *= 2;
    }
    return cairn_aligned_alloc(rounded, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

static CN_NOINLINE int posix_memalign_slow(void **block, size_t alignment, size_t size) {
    int saved = errno;
    void *memory = cairn_aligned_alloc(alignment, size);
    errno = saved;
    if (memory == NULL) {
        return ENOMEM;
    }
    *block = memory;
    return 0;
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size) {
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    void *memory = CAIRN_DEBUG ? NULL : cn_fast_aligned(alignment, size);
    if (CN_UNLIKELY(memory == NULL)) {
        return posix_memalign_slow(block, alignment, size);
    }
    *block = memory;
    return 0;
}

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

EXPORT void *valloc(size_t size) { return cairn_aligned_alloc(page_bytes(), size); }

EXPORT void *pvalloc(size_t size) {
    size_t page = page_bytes();
    if (size > SIZE_MAX - page + 1) {
        errno = ENOMEM;
        return NULL;
    }
    size_t rounded = (size + page - 1) / page * page;
    return cairn_aligned_alloc(page, rounded);
}

/* ---- tuning and looking -------------------------------------------------------------------------------------- */

EXPORT int malloc_trim(size_t pad) {
    (void)pad;
    return cairn_trim() != 0;
}

/* Any parameter is accepted, as by glibc; there is nothing here that one would set. */
EXPORT int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

EXPORT struct mallinfo2 mallinfo2(void) {
    struct cairn_stats stats;
    struct mallinfo2 info;
    cairn_stats_get(&stats);
    memset(&info, 0, sizeof info);
    info.arena = stats.pool_bytes;
    info.ordblks = 1;
    info.hblkhd = stats.span_bytes;
    info.uordblks = stats.block_bytes - stats.span_bytes;
    info.fordblks = stats.free_bytes + stats.slack_bytes;
    info.keepcost = stats.free_bytes;
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        info.ordblks += stats.classes[i].free_blocks;
    }
    return info;
}

EXPORT struct mallinfo mallinfo(void) {
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo info;
    memset(&info, 0, sizeof info);
    info.arena = (int)wide.arena;
    info.ordblks = (int)wide.ordblks;
    info.hblkhd = (int)wide.hblkhd;
    info.uordblks = (int)wide.uordblks;
    info.fordblks = (int)wide.fordblks;
    info.keepcost = (int)wide.keepcost;
    return info;
}

EXPORT void malloc_stats(void) { (void)cairn_stats_print(STDERR_FILENO); }

static void put_info_class(FILE *stream, const struct cairn_class_stats *class) {
    if (class->pools != 0) {
        (void)fprintf(
            stream, "<size from=\"%" PRIu64 "\" to=\"%" PRIu64 "\" total=\"%" PRIu64 "\" count=\"%" PRIu64 "\"/>\n",
            class->block_bytes, class->block_bytes, class->free_blocks * class->block_bytes, class->free_blocks);
    }
}

EXPORT int malloc_info(int options, FILE *stream) {
    struct cairn_stats stats;
    if (options != 0) {
        return EINVAL; /* as glibc: the return value, not errno */
    }
    cairn_stats_get(&stats);
    (void)fprintf(stream, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n");
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        put_info_class(stream, &stats.classes[i]);
    }
    (void)fprintf(stream,
                  "</sizes>\n<system type=\"current\" size=\"%" PRIu64 "\"/>\n<system type=\"max\" size=\"%" PRIu64
                  "\"/>\n<aspace type=\"total\" size=\"%" PRIu64 "\"/>\n</heap>\n</malloc>\n",
                  stats.pool_bytes + stats.span_bytes, stats.peak_used_bytes, stats.arena_bytes);
    return 0;
}

/* ---- the C library's own names ------------------------------------------------------------------------------- */

void *__libc_malloc(size_t size) CN_ALIAS(malloc);
void *__libc_calloc(size_t count, size_t size) CN_ALIAS(calloc);
void *__libc_realloc(void *block, size_t size) CN_ALIAS(realloc);
void *__libc_memalign(size_t alignment, size_t size) CN_ALIAS(memalign);
void *__libc_valloc(size_t size) CN_ALIAS(valloc);
void *__libc_pvalloc(size_t size) CN_ALIAS(pvalloc);
void __libc_free(void *block) CN_ALIAS(free);
int __posix_memalign(void **block, size_t alignment, size_t size) CN_ALIAS(posix_memalign);
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* mallinfo: we are the ones who have to have it */
struct mallinfo __libc_mallinfo(void) CN_ALIAS(mallinfo);
int __libc_mallopt(int parameter, int value) CN_ALIAS(mallopt);
