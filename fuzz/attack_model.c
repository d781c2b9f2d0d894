#include "fuzz/attack_model.h"

#include <string.h>

#include "fuzz/expect.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t known_bytes(const struct cn_attack_block *block) { return least(block->usable, CN_KNOWN_BYTES); }

static const char *tail_of(const struct cn_attack_block *block) {
    return block->start + block->usable - known_bytes(block);
}

static bool overlaps(const struct cn_attack_block *block, const char *from, size_t bytes) {
    return block->state == CN_PLACE_LIVE && from < block->start + block->usable && block->start < from + bytes;
}

static void know(struct cn_attack_block *block) {
    memcpy(block->head, block->start, known_bytes(block));
    memcpy(block->tail, tail_of(block), known_bytes(block));
}

static void compare(const struct cn_attack_block *block) {
    CN_EXPECT(memcmp(block->head, block->start, known_bytes(block)) == 0 &&
                  memcmp(block->tail, tail_of(block), known_bytes(block)) == 0,
              "nobody writes into a live block but the program");
}

void cn_attack_forget(struct cn_attack_model *model) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        model->blocks[i].state = CN_PLACE_UNUSED;
    }
    model->live_count = 0;
}

void cn_attack_add(struct cn_attack_model *model, size_t place, const struct cn_attack_block *block) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        CN_EXPECT(!overlaps(&model->blocks[i], block->start, block->usable), "live blocks do not overlap");
    }
    struct cn_attack_block *entry = &model->blocks[place];
    CN_EXPECT(entry->state != CN_PLACE_LIVE, "the harness keeps its live blocks");
    entry->state = CN_PLACE_LIVE;
    entry->start = block->start;
    entry->requested = block->requested;
    entry->usable = block->usable;
    entry->alignment = block->alignment;
    entry->heap = block->heap;
    know(entry);
    model->live_count++;
}

void cn_attack_remove(struct cn_attack_model *model, size_t place) {
    compare(&model->blocks[place]);
    model->blocks[place].state = CN_PLACE_DANGLING;
    model->live_count--;
}

struct cn_attack_block *cn_attack_find(struct cn_attack_model *model, const void *start) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (model->blocks[i].state == CN_PLACE_LIVE && model->blocks[i].start == start) {
            return &model->blocks[i];
        }
    }
    return NULL;
}

void cn_attack_writes(const struct cn_attack_model *model, const char *from, size_t bytes) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (overlaps(&model->blocks[i], from, bytes)) {
            compare(&model->blocks[i]);
        }
    }
}

void cn_attack_wrote(struct cn_attack_model *model, const char *from, size_t bytes) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (overlaps(&model->blocks[i], from, bytes)) {
            know(&model->blocks[i]);
        }
    }
}

void cn_attack_compare(const struct cn_attack_model *model) {
    for (size_t i = 0; i < CN_PLACES; i++) {
        if (model->blocks[i].state == CN_PLACE_LIVE) {
            compare(&model->blocks[i]);
        }
    }
}

void cn_attack_compare_moved(const struct cn_attack_block *block, const char *moved, size_t bytes) {
    size_t kept = least(least(bytes, block->usable), CN_KNOWN_BYTES);
    CN_EXPECT(memcmp(block->head, moved, kept) == 0, "realloc keeps what the block held");
}
