#include "misuse.h"

#include "block.h"
#include "panic.h"
#include "sample.h"
#include "text.h"

static void start(struct cn_text *text, const char *kind, const char *operation, const void *pointer) {
    cn_panic_start(text, kind);
    cn_text_put(text, operation);
    cn_text_put(text, " of ");
    cn_text_put_hex(text, (uintptr_t)pointer);
}

static void put_bytes(struct cn_text *text, const char *before, size_t bytes, const char *after) {
    cn_text_put(text, before);
    cn_text_put_number(text, bytes);
    cn_text_put(text, bytes == 1 ? " byte" : " bytes");
    cn_text_put(text, after);
}

static void put_place(struct cn_text *text, struct cn_place place) {
    cn_text_put(text, ", which is not the start of a live block: ");
    if (place.kind == CN_PLACE_INSIDE) {
        put_bytes(text, "it lies ", place.offset, " inside a block of ");
        put_bytes(text, "", place.block_bytes, "");
    } else if (place.kind == CN_PLACE_OUTSIDE) {
        cn_text_put(text, "it lies outside the heap");
    } else {
        cn_text_put(text, "no block was handed out there");
    }
}

void cn_misuse_not_live(const char *operation, const char *kind_if_freed, const void *pointer) {
    struct cn_text text;
    struct cn_place place = cn_place_of(pointer);
    /* A block can still be live here: freed by another thread, and its owner does not know yet. */
    if (place.kind == CN_PLACE_FREED) {
        start(&text, kind_if_freed, operation, pointer);
        cn_text_put(&text, ", which is already free");
    } else {
        start(&text, "bad-free", operation, pointer);
        put_place(&text, place);
    }
    cn_sample_put(&text, pointer);
    cn_panic_stop(&text);
}

void cn_misuse_other_heap(const char *operation, const void *pointer, const char *heap_name) {
    struct cn_text text;
    start(&text, "bad-free", operation, pointer);
    cn_text_put(&text, ", which is not a block of heap '");
    cn_text_put(&text, heap_name);
    cn_text_put(&text, "'");
    cn_panic_stop(&text);
}

void cn_misuse_size(const char *operation, const void *pointer, size_t alignment, size_t size, size_t block_bytes) {
    struct cn_text text;
    start(&text, "size-mismatch", operation, pointer);
    put_bytes(&text, " with size ", size, "");
    if (alignment > CN_GRANULE_BYTES || !cn_is_power_of_two(alignment)) {
        put_bytes(&text, " and alignment ", alignment, "");
    }
    put_bytes(&text, ", which does not belong to its block of ", block_bytes, "");
    cn_panic_stop(&text);
}

void cn_misuse_no_heap(const char *operation, const void *pointer) {
    struct cn_text text;
    start(&text, "bad-free", operation, pointer);
    cn_text_put(&text, ", which is not a named heap");
    cn_panic_stop(&text);
}
