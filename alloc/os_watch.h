/*
 * os_watch.h: the tools that watch each access of a program, and what they are told of Cairn's blocks:
 * AddressSanitizer, where Cairn is built with it, and Valgrind's memcheck, where the program runs under it. Then a
 * wrong access to a block is reported by the tool at the instruction that makes it, as for a block of the C library's
 * malloc.
 *
 *   memory of arenas --becomes accessible--> hidden --block_starts--> shown --block_ends--> hidden
 *
 * Only the bytes that the program asked for are shown; what lies between two blocks is hidden, and so are free blocks.
 * The core itself touches no hidden memory while a tool watches, but for what stands between begin_quiet and end_quiet,
 * and in functions that are compiled without the sanitizer.
 *
 * Whoever asks for blocks (watched.h in the release form, debug/live.h in the debug form) says where they start and
 * end. Until cn_watch_start has found a tool nothing is told, and the calls cost a test.
 */
#ifndef CN_OS_WATCH_H
#define CN_OS_WATCH_H

#include "bits.h"

/* So many hidden bytes at least follow each block. */
enum { CN_WATCH_GAP_BYTES = 16 };

/* What the bytes of a block are when it starts: memcheck reports a use of bytes that are unset. */
enum cn_watch_bytes { CN_WATCH_UNSET, CN_WATCH_SET };

/* Written once, before there is a second thread. */
extern bool cn_watch_found CN_HIDDEN;

/* Whether a tool watches, and is told. */
CN_INLINE bool cn_watch_is_on(void) { return CN_UNLIKELY(cn_watch_found); }

/* Whether a tool watches that could be told. */
bool cn_watch_can_start(void);

/* From now on it is told. `describe` is called after a report of AddressSanitizer, with the address that the report is
 * about. */
void cn_watch_start(void (*describe)(const void *address));

/* Memory for blocks has become accessible: nobody touches it until a block starts there. */
void cn_watch_hide(const void *memory, size_t bytes);

/* Memory that was hidden goes back to the system, or is the core's to write. */
void cn_watch_show(const void *memory, size_t bytes);

/* A block of the program's starts or ends; `bytes` are those that it asked for. */
void cn_watch_block_starts(const void *block, size_t bytes, enum cn_watch_bytes set);
void cn_watch_block_ends(const void *block, size_t bytes);

/* What was made of bytes that the program may not have set counts as set. */
void cn_watch_trust(const void *bytes, size_t count);

/* Between these memcheck reports nothing of the calling thread. They nest. */
void cn_watch_mute(void);
void cn_watch_unmute(void);

CN_INLINE void cn_watch_begin_quiet(void) {
    if (cn_watch_is_on()) {
        cn_watch_mute();
    }
}
CN_INLINE void cn_watch_end_quiet(void) {
    if (cn_watch_is_on()) {
        cn_watch_unmute();
    }
}

#endif
