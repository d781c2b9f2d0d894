/*
 * page_stack.c: stacks and symbols on a report's page.
 */
#include "page.h"

void cn_page_put_stack(struct cn_text *text, uint32_t stack) {
    cn_text_put(text, "    stack ");
    cn_text_put_number(text, stack);
    cn_text_put(text, "\n");
}

void cn_page_put_symbol(struct cn_text *text, uintptr_t address) { cn_text_put_hex(text, address); }

uint64_t cn_page_site_of(uint32_t stack) { return stack; }
