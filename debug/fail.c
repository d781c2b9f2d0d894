#include "fail.h"

#include "alloc/options.h"
#include "alloc/os.h"
#include "page.h"

enum { RATE_BITS = 32 };

bool cn_fail_is_on;

static uint64_t seed;

void cn_fail_start(void) {
    seed = cn_options.seed != 0 ? cn_options.seed : cn_os_random();
    cn_fail_is_on = cn_options.break_on != 0 || cn_options.fail_at != 0 || cn_options.fail_rate != 0;
}

static bool is_drawn(uint64_t serial) {
    return cn_scramble(seed + serial * CN_SCRAMBLE_STEP) >> RATE_BITS < cn_options.fail_rate;
}

static CN_COLD void say(const struct cn_birth *birth) {
    struct cn_text text;
    if (!cn_page_begin_note(&text)) {
        return; /* it is a report that allocates */
    }
    cn_text_put(&text, "allocation ");
    cn_text_put_number(&text, birth->serial);
    cn_text_put(&text, ", of ");
    cn_text_put_number(&text, birth->size_bytes);
    cn_text_put(&text, birth->size_bytes == 1 ? " byte" : " bytes");
    cn_text_put(&text, ", fails as the options say\n");
    cn_page_end_note(&text, birth->stack);
}

bool cn_fail_is_due(const struct cn_birth *birth) {
    if (birth->serial == cn_options.break_on) {
        cn_os_trap();
    }
    if (birth->serial != cn_options.fail_at && !is_drawn(birth->serial)) {
        return false;
    }
    if (cn_options.fail_stacks) {
        say(birth);
    }
    return true;
}
