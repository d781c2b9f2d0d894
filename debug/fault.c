/*
 * fault.c: an access that guarded or protected pages stopped, as a report of the same kind as any other. Any other
 * fault ends the process, perhaps for what was done to the heap: so all blocks are looked at before.
 */
#include "alloc/hooks.h"
#include "alloc/os_fault.h"
#include "audit.h"
#include "canary.h"
#include "hiding.h"
#include "page.h"
#include "report.h"
#include "stack.h"

static bool is_within(const struct cn_facts *facts, const char *user, const char *address) {
    return address >= user && address < user + facts->size_bytes;
}

/* What the access was, by the block's record. */
static enum cn_kind kind_of(const struct cn_facts *facts, const char *user, const char *address) {
    if (facts->state != CN_RECORD_LIVE) {
        return CN_KIND_HEAP_USE_AFTER_FREE;
    }
    if (address < user) {
        return CN_KIND_HEAP_BUFFER_UNDERFLOW;
    }
    return is_within(facts, user, address) && (facts->marks & CN_MARK_SEALED) != 0 ? CN_KIND_SEALED_WRITE
                                                                                   : CN_KIND_HEAP_BUFFER_OVERFLOW;
}

/* Whether the fault can come of what this form does to blocks: on guarded pages all are its doing but within a live block, which the
 * program may have protected, or taken for code; and in blocks of pools that are not live, whose pool may be open again. */
static bool is_own(const struct cn_known *known, const struct cn_facts *facts, const char *user, const char *address) {
    bool is_in_live = facts->state == CN_RECORD_LIVE && is_within(facts, user, address);
    bool is_freed_in_pool = known->kind == CN_BLOCK_POOL && facts->state != CN_RECORD_LIVE;
    return (known->kind == CN_BLOCK_GUARDED && !is_in_live) || is_freed_in_pool ||
           (facts->marks & (CN_MARK_PROTECTED | CN_MARK_SEALED)) != 0;
}

/* False, and nothing reported, where the fault is none of this form's doing. */
static bool report_own(const struct cn_os_fault *fault, uint32_t stack) {
    struct cn_incident incident = {.operation = fault->access == CN_ACCESS_WRITE ? "write" : "read",
                                   .pointer = fault->address,
                                   .known = cn_record_around(fault->address),
                                   .access = fault->access,
                                   .asked_size = CN_ANY_SIZE};
    if (incident.known.kind == CN_BLOCK_NONE && !cn_hiding_find_before(fault->address, &incident.known)) {
        return false;
    }
    incident.facts = cn_record_facts(incident.known.record);
    const char *user = cn_where_user(&incident.known, &incident.facts);
    if (!is_own(&incident.known, &incident.facts, user, fault->address)) {
        return false;
    }
    incident.kind = kind_of(&incident.facts, user, fault->address);
    incident.stack = stack;
    cn_report(&incident);
    return true;
}

/* A pointer, or a little more, whose bytes are the fill. 0 is what memory holds anyway. */
static bool is_made_of(uintptr_t word, int fill) {
    enum { OFFSET_BITS = 16 };
    return fill > 0 && word >> OFFSET_BITS == cn_fill_word((unsigned char)fill) >> OFFSET_BITS;
}

static const char *origin_of(uintptr_t word) {
    return is_made_of(word, cn_fill_freed)
               ? " is what freed blocks are filled with: was a pointer read from one of them? "
                 "guard=all stops at that read\n"
           : is_made_of(word, cn_fill_allocated)
               ? " is what new blocks are filled with: was a pointer read from one that "
                 "was not written yet? `cairn diff' and valgrind look for such reads\n"
               : NULL;
}

static void say(uintptr_t word, uint32_t stack) {
    struct cn_text text;
    if (!cn_page_begin_note(&text)) {
        return;
    }
    cn_text_put(&text, "at the SIGSEGV a register holds ");
    cn_text_put_hex(&text, word);
    cn_text_put(&text, ", which");
    cn_text_put(&text, origin_of(word));
    cn_page_end_note(&text, stack);
}

/* Of a pointer that was read where there was none there is no damage: but its value tells. */
static void note_fill(const struct cn_os_fault *fault, uint32_t stack) {
    enum { REGISTERS = 16 };
    uintptr_t registers[REGISTERS];
    size_t count = cn_os_fault_registers(fault, registers, REGISTERS);
    for (size_t i = 0; i < count; i++) {
        if (origin_of(registers[i]) != NULL) {
            say(registers[i], stack);
            return;
        }
    }
}

bool cn_debug_fault(const struct cn_os_fault *fault) {
    uint32_t stack = cn_stack_capture_interrupted(fault->context);
    if (!report_own(fault, stack)) {
        cn_audit_last("SIGSEGV", stack);
        note_fill(fault, stack);
    }
    return false; /* the access cannot be made: it ends the process */
}
