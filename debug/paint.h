/*
 * paint.h: colours of a report on a terminal; nothing elsewhere. Callers are those of maps.h.
 */
#ifndef CN_PAINT_H
#define CN_PAINT_H

#include "alloc/text.h"

enum cn_paint { CN_PAINT_PLAIN, CN_PAINT_ERROR, CN_PAINT_HEADING, CN_PAINT_DAMAGE, CN_PAINT_GOOD, CN_PAINT_HINT };

/* Colours from here on where the option color says so, or leaves it open and the text goes to a terminal. */
void cn_paint_choose(const struct cn_text *text);

/* What follows is put in this colour, until the next. */
void cn_paint(struct cn_text *text, enum cn_paint paint);

/* The string in this colour. */
void cn_paint_put(struct cn_text *text, enum cn_paint paint, const char *string);

#endif
