#include "check.h"

#include "alloc/heap.h"
#include "alloc/options.h"
#include "alloc/process.h"
#include "operator_copy.h"

static void report_not_live(enum cn_kind kind_if_freed, const struct cn_look *look, const void *pointer,
                            const struct cn_known *known) {
    struct cn_incident incident = cn_incident_of(CN_KIND_BAD_FREE, look, pointer, known);
    if (known->kind != CN_BLOCK_NONE && known->core + incident.facts.head_bytes == pointer &&
        incident.facts.state != CN_RECORD_LIVE) {
        incident.kind = kind_if_freed;
    }
    cn_report(&incident);
}

/* What is not where its head would be if that were of the usual size. */
static CN_NOINLINE bool find_live(const void *pointer, struct cn_known *known, uint64_t *word) {
    cn_process_start();
    *known = cn_record_around(pointer);
    return cn_check_is_live_at(known, pointer, word);
}

CN_INLINE bool is_of_other_heap(const struct cairn_heap *heap, const struct cn_known *known) {
    return CN_UNLIKELY(heap != NULL) && cn_record_named_heap(known) != heap;
}

bool cn_check_is_live(struct cairn_heap *heap, const void *pointer, struct cn_known *known, uint64_t *word) {
    bool is_live = CN_LIKELY(cn_check_is_live_at(known, pointer, word)) || find_live(pointer, known, word);
    return is_live && !is_of_other_heap(heap, known);
}

bool cn_check_live_slowly(struct cairn_heap *heap, const void *pointer, enum cn_kind kind_if_freed,
                          const struct cn_look *look, struct cn_known *known, uint64_t *word) {
    if (CN_LIKELY(cn_check_is_live(heap, pointer, known, word))) {
        return true;
    }
    if (!cn_check_is_live_at(known, pointer, word)) {
        report_not_live(kind_if_freed, look, pointer, known);
        return false;
    }
    struct cn_incident incident = cn_incident_of(CN_KIND_BAD_FREE, look, pointer, known);
    incident.heap_name = heap->name;
    cn_report(&incident);
    return false;
}

static enum cn_asked family_of(enum cn_asked asked) {
    return asked == CN_ASKED_NEW || asked == CN_ASKED_NEW_ARRAY ? asked : CN_ASKED_MALLOC;
}

bool cn_check_family(const struct cn_known *known, uint64_t word, const void *block, enum cn_asked family,
                     const struct cn_look *look) {
    enum cn_asked asked = family_of(cn_record_asked_of(word));
    if (!cn_options.mismatch || asked == family) {
        return true;
    }
    if (asked == CN_ASKED_MALLOC && cn_operator_copy_took(cn_record_facts(known->record).alloc_stack)) {
        return false;
    }
    struct cn_incident incident = cn_incident_of(CN_KIND_ALLOC_DEALLOC_MISMATCH, look, block, known);
    incident.freed_as = family;
    cn_report(&incident);
    return false;
}

/* What operator new has aligned is deleted with that alignment, and nothing else is with one: the head tells it, but on
 * guarded pages. */
static bool is_other_alignment(const struct cn_known *known, uint64_t word, const struct cn_release *release) {
    size_t head_bytes = cn_record_head_of(word);
    return cn_options.mismatch && release->family != CN_ASKED_MALLOC &&
           family_of(cn_record_asked_of(word)) == release->family && known->kind != CN_BLOCK_GUARDED &&
           cn_max(head_bytes, release->alignment) > CN_RECORD_USUAL_HEAD_BYTES && release->alignment != head_bytes;
}

void cn_check_named_size(const struct cn_known *known, uint64_t word, const void *block,
                         const struct cn_release *release, const struct cn_look *look) {
    size_t size = cn_record_size(known->record);
    bool is_wrong_size = release->size != CN_ANY_SIZE && release->size != size;
    bool is_wrong_alignment = release->alignment != 0 &&
                              (!cn_is_power_of_two(release->alignment) || (uintptr_t)block % release->alignment != 0);
    if (is_wrong_size || is_wrong_alignment || is_other_alignment(known, word, release)) {
        struct cn_incident incident =
            cn_incident_of(is_wrong_size ? CN_KIND_SIZE_MISMATCH : CN_KIND_INVALID_ALIGNMENT, look, block, known);
        incident.asked_size = release->size;
        incident.asked_alignment = release->alignment;
        cn_report(&incident);
    }
}
