#include "paint.h"

#include "alloc/options.h"
#include "alloc/os.h"

static bool is_coloured;

void cn_paint_choose(const struct cn_text *text) {
    is_coloured =
        cn_options.color == CN_COLOR_ALWAYS || (cn_options.color == CN_COLOR_AUTO && cn_os_is_terminal(text->fd));
}

void cn_paint(struct cn_text *text, enum cn_paint paint) {
    static const char *const sequences[] = {
        [CN_PAINT_PLAIN] = "\033[0m",   [CN_PAINT_ERROR] = "\033[1;31m", [CN_PAINT_HEADING] = "\033[1m",
        [CN_PAINT_DAMAGE] = "\033[31m", [CN_PAINT_GOOD] = "\033[32m",    [CN_PAINT_HINT] = "\033[36m",
    };
    if (is_coloured) {
        cn_text_put(text, sequences[paint]);
    }
}

void cn_paint_put(struct cn_text *text, enum cn_paint paint, const char *string) {
    cn_paint(text, paint);
    cn_text_put(text, string);
    cn_paint(text, CN_PAINT_PLAIN);
}
