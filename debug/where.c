#include "where.h"

#include <string.h>

#include "alloc/block.h"
#include "alloc/guard.h"
#include "alloc/module.h"
#include "alloc/os.h"
#include "alloc/pool.h"
#include "alloc/region.h"
#include "alloc/size_class.h"
#include "self.h"

/* ---- in the heap --------------------------------------------------------------------------------------------- */

void cn_where_in_block(const void *pointer, const struct cn_known *known, const struct cn_facts *facts,
                       struct cn_where *where) {
    uintptr_t address = (uintptr_t)pointer;
    uintptr_t start = (uintptr_t)cn_where_user(known, facts);
    where->pointer = pointer;
    where->known = *known;
    where->facts = *facts;
    if (address < start) {
        where->kind = CN_WHERE_BEFORE;
        where->offset = start - address;
    } else if (address == start) {
        where->kind = CN_WHERE_START;
        where->offset = 0;
    } else if (address - start < facts->size_bytes) {
        where->kind = CN_WHERE_INSIDE;
        where->offset = address - start;
    } else {
        where->kind = CN_WHERE_BEHIND;
        where->offset = address - start - facts->size_bytes;
    }
}

/* In the region, but in no block that has a record. */
static void find_around_blocks(struct cn_where *where) {
    struct cn_place place = cn_place_of(where->pointer);
    size_t slot = ((uintptr_t)where->pointer - (uintptr_t)cn_region.base) >> CN_SLOT_SHIFT;
    where->kind = CN_WHERE_FREE;
    where->block_bytes = place.block_bytes;
    if (place.kind == CN_PLACE_FRESH && place.block_bytes != 0) {
        const char *start = cn_pool_address(cn_pool_of_slot(slot));
        size_t end = cn_pool_slots(cn_pool_of_slot(slot)) * CN_SLOT_BYTES / place.block_bytes * place.block_bytes;
        where->kind = (uintptr_t)where->pointer - (uintptr_t)start < end ? CN_WHERE_FRESH : CN_WHERE_SLACK;
    }
}

static bool is_between(const void *pointer, const char *start, const char *end) {
    return (uintptr_t)pointer - (uintptr_t)start < (uintptr_t)end - (uintptr_t)start;
}

static bool find_in_reservation(struct cn_where *where) {
    if (cn_guard_covers(where->pointer)) {
        where->kind = CN_WHERE_FREE;
        return true;
    }
    if (cn_region.base == NULL) {
        return false;
    }
    size_t byte = (uintptr_t)where->pointer - (uintptr_t)cn_region.base;
    const char *end = cn_region.base + cn_region.arena_limit * CN_ARENA_BYTES;
    if (cn_region_covers(byte >> CN_GRANULE_SHIFT)) {
        find_around_blocks(where);
    } else if (is_between(where->pointer, cn_region.base, end)) {
        where->kind = CN_WHERE_FREE;
    } else if (is_between(where->pointer, cn_region.heaps - CN_GAP_BYTES, cn_region.base)) {
        where->kind = CN_WHERE_TABLES;
    } else {
        return false;
    }
    return true;
}

/* ---- elsewhere ----------------------------------------------------------------------------------------------- */

/* A module is a file of which some part is code; its data follow its code, and what is not in the file follows these
 * without a name. */
struct module_search {
    uintptr_t address;
    struct cn_mapping *mapping;
    struct cn_mapping last_file; /* the last mapping so far that is of a file ... */
    bool last_is_module;         /* ... and whether any part of that file was code */
    bool is_found;
};

static void note_file(struct module_search *search, const struct cn_mapping *mapping) {
    bool is_new = strcmp(mapping->path, search->last_file.path) != 0;
    search->last_is_module = (!is_new && search->last_is_module) || mapping->is_executable;
    search->last_file = *mapping;
}

/* What others have mapped right behind a module's memory without a file may be one mapping with that. */
static bool is_beyond_module(uintptr_t address, uintptr_t in_module) {
    struct cn_module module;
    return cn_module_find(in_module, &module) && address >= module.end;
}

static bool search_module(const struct cn_mapping *mapping, void *argument) {
    struct module_search *search = argument;
    bool continues_file = search->last_is_module && mapping->path[0] == '\0' &&
                          mapping->start == search->last_file.end && mapping->is_writable &&
                          !is_beyond_module(search->address, search->last_file.start);
    if (cn_maps_is_file(mapping)) {
        note_file(search, mapping);
    } else if (!continues_file) {
        search->last_is_module = false;
    }
    search->is_found = search->address >= mapping->start && search->address < mapping->end;
    if (search->is_found) {
        *search->mapping = *mapping;
        if (continues_file) {
            search->mapping->file_offset = 0;
            memcpy(search->mapping->path, search->last_file.path, sizeof mapping->path);
        }
    }
    return search->address >= mapping->end;
}

/* A thread's control block lies at the upper end of its stack. */
static bool find_stack(struct cn_where *where) {
    if (strcmp(where->mapping.path, "[stack]") == 0) {
        where->thread = 1;
        return true;
    }
    where->thread = cn_self_find_by_stack((uintptr_t)where->pointer, where->mapping.end);
    return where->thread != 0;
}

static void find_elsewhere(struct cn_where *where) {
    static struct module_search search; /* large */
    search = (struct module_search){.address = (uintptr_t)where->pointer, .mapping = &where->mapping};
    (void)cn_maps_walk(search_module, &search);
    if (!search.is_found) {
        where->kind = (uintptr_t)where->pointer < cn_os_page_bytes() ? CN_WHERE_NULL : CN_WHERE_UNMAPPED;
    } else if (where->mapping.is_executable) {
        where->kind = CN_WHERE_CODE;
    } else if (search.last_is_module) {
        where->kind = CN_WHERE_GLOBAL;
    } else if (cn_maps_is_file(&where->mapping)) {
        where->kind = CN_WHERE_FILE;
    } else {
        where->kind = find_stack(where) ? CN_WHERE_STACK : CN_WHERE_MAPPED;
    }
}

void cn_where_find(const void *pointer, struct cn_where *where) {
    struct cn_known known = cn_record_around(pointer);
    where->pointer = pointer;
    where->known = known;
    where->thread = 0;
    where->mapping.path[0] = '\0';
    if (known.kind != CN_BLOCK_NONE) {
        struct cn_facts facts = cn_record_facts(known.record);
        cn_where_in_block(pointer, &known, &facts, where);
    } else if (!find_in_reservation(where)) {
        find_elsewhere(where);
    }
}

/* ---- in words ------------------------------------------------------------------------------------------------ */

static void put_bytes(struct cn_text *text, size_t bytes, const char *after) {
    cn_text_put_number(text, bytes);
    cn_text_put(text, bytes == 1 ? " byte" : " bytes");
    cn_text_put(text, after);
}

static void put_block(struct cn_text *text, const struct cn_where *where) {
    static const char *const before[] = {[CN_WHERE_START] = "at the start of ",
                                         [CN_WHERE_INSIDE] = " inside ",
                                         [CN_WHERE_BEFORE] = " before ",
                                         [CN_WHERE_BEHIND] = " past the end of "};
    if (where->kind == CN_WHERE_START) {
        cn_text_put(text, before[where->kind]);
    } else {
        put_bytes(text, where->offset, before[where->kind]);
    }
    cn_text_put(text, cn_where_is_freed(&where->facts) ? "a freed block of " : "a block of ");
    put_bytes(text, where->facts.size_bytes, "");
}

static void put_stack(struct cn_text *text, const struct cn_where *where) {
    cn_text_put(text, "on the stack of thread ");
    cn_text_put_number(text, where->thread);
}

static void put_module(struct cn_text *text, const struct cn_where *where, const char *before) {
    cn_text_put(text, before);
    cn_text_put(text, cn_maps_name(&where->mapping));
}

void cn_where_put(struct cn_text *text, const struct cn_where *where) {
    static const char *const clauses[] = {
        [CN_WHERE_FRESH] = "where no block was handed out yet",
        [CN_WHERE_SLACK] = "in the slack at the end of a pool",
        [CN_WHERE_FREE] = "in memory of the heap that is no block's",
        [CN_WHERE_TABLES] = "in Cairn's own tables",
        [CN_WHERE_NULL] = "in the page at NULL",
        [CN_WHERE_MAPPED] = "in memory that was mapped by somebody else",
        [CN_WHERE_UNMAPPED] = "at an address where nothing is mapped",
    };
    switch (where->kind) {
    case CN_WHERE_START:
    case CN_WHERE_INSIDE:
    case CN_WHERE_BEFORE:
    case CN_WHERE_BEHIND:
        put_block(text, where);
        break;
    case CN_WHERE_STACK:
        put_stack(text, where);
        break;
    case CN_WHERE_CODE:
        put_module(text, where, "in the code of ");
        break;
    case CN_WHERE_GLOBAL:
        put_module(text, where, "in the data of ");
        break;
    case CN_WHERE_FILE:
        put_module(text, where, "in the mapped file ");
        break;
    default:
        cn_text_put(text, clauses[where->kind]);
    }
}

const char *cn_where_word(const struct cn_where *where) {
    static const char *const words[] = {
        [CN_WHERE_START] = "start",   [CN_WHERE_INSIDE] = "inside", [CN_WHERE_BEFORE] = "before",
        [CN_WHERE_BEHIND] = "behind", [CN_WHERE_FRESH] = "fresh",   [CN_WHERE_SLACK] = "slack",
        [CN_WHERE_FREE] = "free",     [CN_WHERE_TABLES] = "tables", [CN_WHERE_NULL] = "null",
        [CN_WHERE_STACK] = "stack",   [CN_WHERE_CODE] = "code",     [CN_WHERE_GLOBAL] = "global",
        [CN_WHERE_FILE] = "file",     [CN_WHERE_MAPPED] = "mapped", [CN_WHERE_UNMAPPED] = "unmapped",
    };
    return words[where->kind];
}
