#include "fuzz/misuse_due.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc/cairn.h"
#include "alloc/options.h"
#include "fuzz/expect.h"
#include "fuzz/reported.h"
#include "fuzz/trace.h"

enum { WORDS_BYTES = 128 };

static struct {
    const char *kind; /* NULL: none is due */
    const void *pointer;
    const void *block;
    size_t size;
    char words[WORDS_BYTES]; /* part of the sentence */
    bool is_seen;
} due;

static struct {
    char *at;
    size_t bytes;
    char before[CN_MISUSE_DAMAGE_MAX];
} damage;

static bool is_due(const struct cairn_report *report) {
    return due.kind != NULL && !due.is_seen && strcmp(report->kind, due.kind) == 0 && report->pointer == due.pointer &&
           report->block == due.block && report->size == due.size && strstr(report->sentence, due.words) != NULL;
}

static enum cairn_verdict on_report(const struct cairn_report *report, void *argument) {
    (void)argument;
    if (!is_due(report)) {
        fprintf(stderr, "reported: %s: %s\n", report->kind, report->sentence);
        fprintf(stderr, "due: %s of %p: block of %zu bytes at %p: %s%s\n", due.kind != NULL ? due.kind : "nothing",
                due.pointer, due.size, due.block, due.words, due.is_seen ? ", which was reported already" : "");
    }
    CN_EXPECT(due.kind != NULL, "nothing is reported without a bug");
    CN_EXPECT(is_due(report), "a bug is reported once, as what it is, of the block that it is of");
    cn_reported_expect(report, cn_options.report == CN_REPORT_JSON ? CN_REPORTED_JSON : CN_REPORTED_TEXT);
    CN_TRACE("  is reported: %s", report->sentence);
    due.is_seen = true;
    memcpy(damage.at, damage.before, damage.bytes);
    damage.bytes = 0;
    return CAIRN_GO_ON;
}

void cn_misuse_due_init(void) {
    damage.at = damage.before;
    CN_EXPECT(cairn_set_report_callback(on_report, NULL), "the debug form takes a callback");
}

void cn_misuse_due(const char *kind, const void *pointer, const struct cn_misuse_block *block) {
    due.kind = kind;
    due.pointer = pointer;
    due.block = block != NULL ? block->user : NULL;
    due.size = block != NULL ? block->size : 0;
    due.words[0] = '\0';
    due.is_seen = false;
    CN_TRACE("due now: %s of %p; block %p of %zu bytes", kind, pointer, due.block, due.size);
}

void cn_misuse_due_words(const char *format, ...) {
    va_list values;
    va_start(values, format);
    int length = vsnprintf(due.words, sizeof due.words, format, values);
    va_end(values);
    CN_EXPECT(length > 0 && (size_t)length < sizeof due.words, "there is room for the words");
}

void cn_misuse_due_exactly(const struct cn_misuse_block *block, const char *how, const char *at, size_t bytes) {
    bool is_before = at < block->user;
    size_t offset = (size_t)(is_before ? block->user - at : at - block->user);
    cn_misuse_due_words(" has %zu byte%s written %s, at offset %s%zu; ", bytes, bytes == 1 ? "" : "s", how,
                        is_before ? "-" : "", offset);
}

static void keep(char *at, size_t bytes) {
    CN_EXPECT(bytes <= sizeof damage.before, "there is room to undo the damage");
    CN_TRACE("writes %zu bytes at %p, where it must not", bytes, (void *)at);
    damage.at = at;
    damage.bytes = bytes;
    memcpy(damage.before, at, bytes);
}

void cn_misuse_damage(char *at, size_t bytes, enum cn_misuse_content content, uint8_t mask) {
    unsigned char *written = (unsigned char *)at;
    keep(at, bytes);
    for (size_t i = 0; i < bytes; i++) {
        written[i] = content == CN_MISUSE_NULS ? 0 : written[i] ^ (mask != 0 ? mask : UINT8_MAX);
    }
}

void cn_misuse_damage_by_copy(char *at, const char *from, size_t bytes) {
    keep(at, bytes);
    memmove(at, from, bytes);
}

bool cn_misuse_is_seen(void) { return due.is_seen; }

void cn_misuse_settle(void) {
    CN_EXPECT(due.kind == NULL || due.is_seen, "a bug is reported");
    due.kind = NULL;
}
