// expect: exit 0
// expect-debug: exit 0
// options-debug: log_path=/dev/null
#include "misuse.h"

static enum cairn_verdict go_on(const struct cairn_report *report, void *argument) {
    (void)argument;
    require(strcmp(report->kind, "heap-buffer-overflow") == 0, "nothing is reported but what the program does");
    return CAIRN_GO_ON;
}

/* What a block holds that was set aside is nobody's damage when its heap goes. */
static void use_heaps(void) {
    for (int round = 0; round < 40; round++) {
        struct cairn_heap *heap = cairn_heap_create("request", NULL);
        for (int i = 0; i < 60; i++) {
            char *block = cairn_heap_malloc(heap, 40);
            memset(block, 'x', i == 0 ? 41 : 40);
            cairn_heap_free(heap, block);
        }
        for (int i = 0; i < 20000; i++) {
            cairn_heap_malloc(heap, 20);
        }
        cairn_heap_destroy(heap);
    }
}

int main(void) {
    cairn_set_report_callback(go_on, NULL);
    check_beside(use_heaps);
    return 0;
}
