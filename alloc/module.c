#define _GNU_SOURCE
#include "module.h"

#include <dlfcn.h>
#include <link.h>

#if __GLIBC_PREREQ(2, 35)
#pragma weak _dl_find_object

bool cn_module_find(uintptr_t address, struct cn_module *module) {
    struct dl_find_object found;
    if (_dl_find_object == NULL || _dl_find_object((void *)address, &found) != 0) { // NOLINT: only looked up
        return false;
    }
    const struct link_map *map = found.dlfo_link_map;
    *module = (struct cn_module){
        .path = map->l_name,
        .base = map->l_addr,
        .start = (uintptr_t)found.dlfo_map_start,
        .end = (uintptr_t)found.dlfo_map_end,
        .eh_frame_hdr = found.dlfo_eh_frame,
        .identity = map,
    };
    return true;
}
#else
bool cn_module_find(uintptr_t address, struct cn_module *module) {
    (void)address;
    (void)module;
    return false;
}
#endif
