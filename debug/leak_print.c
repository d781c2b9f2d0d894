#include "leak_print.h"

#include "alloc/options.h"
#include "alloc/text.h"
#include "page.h"
#include "paint.h"
#include "report.h"
#include "sentence.h"
#include "where.h"

static void put_blocks(struct cn_text *text, size_t blocks) {
    cn_text_put_number(text, blocks);
    cn_text_put(text, blocks == 1 ? " block" : " blocks");
}

static void put_sentence(struct cn_text *text, const struct cn_leak_group *group) {
    cn_sentence_put_bytes(text, group->bytes);
    cn_text_put(text, " in ");
    put_blocks(text, group->blocks);
    cn_text_put(text, group->is_indirect ? " that only other lost blocks point to" : " that nothing points to");
}

static const char *user_of(const struct cn_leak_group *group) { return cn_where_user(&group->first, &group->facts); }

/* ---- for people ---------------------------------------------------------------------------------------------- */

static void put_group(struct cn_text *text, const struct cn_leak_group *group) {
    cn_paint(text, CN_PAINT_ERROR);
    cn_text_put(text, "cairn: ERROR: leak: ");
    put_sentence(text, group);
    cn_paint(text, CN_PAINT_PLAIN);
    cn_text_put(text, group->blocks == 1 ? "\n  block      " : "\n  the first  ");
    cn_sentence_put_bytes(text, group->facts.size_bytes);
    cn_text_put(text, " at ");
    cn_text_put_hex(text, (uintptr_t)user_of(group));
    cn_text_put(text, ", serial ");
    cn_text_put_number(text, group->facts.serial);
    cn_text_put(text, ", from ");
    cn_text_put(text, cn_sentence_family(group->facts.asked));
    cn_text_put(text, "\n  site       ");
    cn_text_put_hex(text, cn_page_site_of(group->stack));
    cn_text_put(text, "\n\n  ");
    cn_paint_put(text, CN_PAINT_HEADING, "allocated here:\n");
    cn_page_put_stack(text, group->stack);
    cn_text_put(text, "\n");
}

struct sum {
    size_t blocks;
    size_t bytes;
    size_t groups;
};

static void put_sum(struct cn_text *text, const struct sum *lost, const struct sum *suppressed) {
    cn_text_put(text, "cairn: ");
    cn_sentence_put_bytes(text, lost->bytes);
    cn_text_put(text, " lost in ");
    put_blocks(text, lost->blocks);
    cn_text_put(text, ", from ");
    cn_text_put_number(text, lost->groups);
    cn_text_put(text, lost->groups == 1 ? " place" : " places");
    if (suppressed->blocks > 0) {
        cn_text_put(text, "; and ");
        cn_sentence_put_bytes(text, suppressed->bytes);
        cn_text_put(text, " in ");
        put_blocks(text, suppressed->blocks);
        cn_text_put(text, " that suppressions are for");
    }
    cn_text_put(text, "\n");
}

/* ---- for programs -------------------------------------------------------------------------------------------- */

static void put_group_json(struct cn_text *text, const struct cn_leak_group *group) {
    cn_text_put(text, "{\"kind\":\"leak\",\"sentence\":");
    cn_text_quote(text);
    put_sentence(text, group);
    cn_text_unquote(text);
    cn_text_put(text, ",\"blocks\":");
    cn_text_put_number(text, group->blocks);
    cn_text_put(text, ",\"bytes\":");
    cn_text_put_number(text, group->bytes);
    cn_text_put(text, group->is_indirect ? ",\"indirect\":true" : ",\"indirect\":false");
    cn_text_put(text, ",\"site\":\"");
    cn_text_put_hex(text, cn_page_site_of(group->stack));
    cn_text_put(text, "\",\"block\":{\"size\":");
    cn_text_put_number(text, group->facts.size_bytes);
    cn_text_put(text, ",\"address\":\"");
    cn_text_put_hex(text, (uintptr_t)user_of(group));
    cn_text_put(text, "\",\"serial\":");
    cn_text_put_number(text, group->facts.serial);
    cn_text_put(text, "}");
    cn_page_put_stack_json(text, "stack", group->stack);
    cn_text_put(text, "}\n");
}

/* ---- both ---------------------------------------------------------------------------------------------------- */

static void put_groups(struct cn_text *text, const struct cn_leak_groups *groups) {
    struct sum lost = {0, 0, 0};
    struct sum suppressed = {0, 0, 0};
    bool is_json = cn_options.report == CN_REPORT_JSON;
    for (size_t i = 0; i < groups->count; i++) {
        const struct cn_leak_group *group = &groups->groups[i];
        struct sum *sum = group->is_suppressed ? &suppressed : &lost;
        sum->blocks += group->blocks;
        sum->bytes += group->bytes;
        sum->groups++;
        if (!group->is_suppressed && is_json) {
            put_group_json(text, group);
        } else if (!group->is_suppressed) {
            put_group(text, group);
        }
    }
    if (!is_json) {
        put_sum(text, &lost, &suppressed);
    }
}

void cn_leak_print(const struct cn_leak_groups *groups) {
    static struct cn_text text;
    if (groups->count == 0) {
        return;
    }
    int fd = cn_report_open();
    cn_text_init(&text, fd);
    cn_paint_choose(&text);
    put_groups(&text, groups);
    (void)cn_text_fini(&text);
    cn_report_close(fd);
}
