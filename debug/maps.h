/*
 * maps.h: what the system has mapped at an address, read from /proc/self/maps as it is at that moment.
 *
 * Nothing here allocates. There is one buffer: one thread at a time, the one that reports (report.h) or looks for
 * leaks.
 */
#ifndef CN_MAPS_H
#define CN_MAPS_H

#include "alloc/bits.h"

enum { CN_MAPPING_PATH_BYTES = 256 };

struct cn_mapping {
    uintptr_t start;
    uintptr_t end;
    uint64_t file_offset;
    bool is_readable;
    bool is_writable;
    bool is_executable;
    bool is_shared;
    char path[CN_MAPPING_PATH_BYTES]; /* of the file, cut at its front if it is long; or as [stack]; empty: anonymous */
};

/* Calls `visit` for each mapping, by rising addresses, until it returns false. False where it did, or where the maps
 * cannot be read. */
typedef bool cn_maps_visit_fn(const struct cn_mapping *mapping, void *argument);
bool cn_maps_walk(cn_maps_visit_fn *visit, void *argument);

/* The path's last part. */
const char *cn_maps_name(const struct cn_mapping *mapping);

/* Whether a file is mapped there, rather than memory alone. */
bool cn_maps_is_file(const struct cn_mapping *mapping);

#endif
