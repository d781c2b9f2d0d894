/*
 * pages.h: memory that a harness renews for each input, many thousand times a second: to give its pages back to the
 * system and have new ones made would be most of the time. So the harness notes which pages of it the program writes.
 * Pages that the allocator gives back are written with zeros instead, if they are noted, and stay accessible; and only
 * noted pages count as resident.
 */
#ifndef CAIRN_FUZZ_PAGES_H
#define CAIRN_FUZZ_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { CN_PAGES_WATCHED = 1 << 16 };

/* Watches CN_PAGES_WATCHED pages from `start` on, none of which is noted. Once. */
void cn_pages_watch(char *start);

bool cn_pages_are_watched(void);

/* What lies within watched pages may not be zero any more. Any thread may call, for any memory. */
void cn_pages_note_written(const void *start, size_t bytes);

/* Whether all of it is watched; if so, it is zero now, and none of it is noted. It must be accessible where it is. */
bool cn_pages_zero(void *start, size_t bytes);
/* None of it is noted: it is zero already. */
void cn_pages_forget(const void *start, size_t bytes);

/* As mincore, with 1 for each page that is noted; false where not all of it is watched. */
bool cn_pages_list(const void *start, size_t bytes, unsigned char *states);

#endif
