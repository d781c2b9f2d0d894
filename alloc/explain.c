/*
 * explain.c: the public functions about reports.
 */
#include "explain.h"

#include "block.h"
#include "form.h"
#include "process.h"
#include "text.h"

enum { STANDARD_ERROR = 2 };

bool cairn_set_report_callback(cairn_report_fn *callback, void *argument) {
    if (CAIRN_DEBUG) {
        cn_debug_set_report_callback(callback, argument);
    }
    return CAIRN_DEBUG != 0;
}

static void put_place(struct cn_text *text, struct cn_place place) {
    static const char *const clauses[] = {[CN_PLACE_OUTSIDE] = "outside the heap",
                                          [CN_PLACE_EMPTY] = "in memory of the heap that is no block's",
                                          [CN_PLACE_FREED] = "at the start of a freed block",
                                          [CN_PLACE_FRESH] = "where no block was handed out yet"};
    if (place.kind == CN_PLACE_INSIDE) {
        cn_text_put_number(text, place.offset);
        cn_text_put(text, " bytes inside a block of ");
        cn_text_put_number(text, place.block_bytes);
        cn_text_put(text, " bytes");
    } else {
        cn_text_put(text, clauses[place.kind]);
    }
}

/* What the tables of the core tell. */
static void describe(const void *pointer) {
    struct cn_text text;
    struct cn_block block = cn_block_find(pointer);
    cn_text_init(&text, STANDARD_ERROR);
    cn_text_put_hex(&text, (uintptr_t)pointer);
    cn_text_put(&text, " lies ");
    if (block.kind != CN_BLOCK_NONE) {
        cn_text_put(&text, "at the start of a block of ");
        cn_text_put_number(&text, block.bytes);
        cn_text_put(&text, " bytes");
    } else {
        put_place(&text, cn_place_of(pointer));
    }
    cn_text_put(&text, "\n");
    (void)cn_text_fini(&text);
}

void cairn_describe(const void *pointer) {
    cn_process_start();
    if (CAIRN_DEBUG) {
        cn_debug_describe(pointer);
    } else {
        describe(pointer);
    }
}

size_t cairn_leaks(void) {
    cn_process_start();
    return CAIRN_DEBUG ? cn_debug_leaks() : 0;
}
