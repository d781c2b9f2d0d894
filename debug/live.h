/*
 * live.h: how a block of the core becomes the program's, and how it goes back: the steps of record.h's states, with the
 * bytes that stand around and in it. The only writer of records.
 */
#ifndef CN_LIVE_H
#define CN_LIVE_H

#include "damage.h"
#include "record.h"
#include "self.h"

/* What a block is made for. */
struct cn_birth {
    size_t size_bytes;
    size_t head_bytes;
    enum cn_asked asked;
    uint32_t stack;
    uint64_t serial;
};

/* The core's block `known`, which is the caller's, becomes live. Returns where the program's bytes start. */
char *cn_live_make(const struct cn_known *known, const struct cn_birth *birth);

/* Between the two nobody else looks at the live block's bytes, or frees it: its pages are exchanged for some that have other
 * canaries. `resume` writes what is around it anew, and the program's bytes from `kept_bytes` on. False where the block is
 * not live any more. */
bool cn_live_pause(const struct cn_known *known, uint64_t word);
void cn_live_resume(const struct cn_known *known, size_t kept_bytes);

/* In place of `resume`: the block, which is larger by now, has the serial, size and stack of `birth` from now on. */
void cn_live_grow(const struct cn_known *known, const struct cn_birth *birth);

/* The live block, whose record's word is `word`, becomes quarantined, or, if it is damaged, parked for good. False
 * where another thread has freed it meanwhile. */
enum cn_ending { CN_ENDING_WAITS, CN_ENDING_PARKED };
bool cn_live_end(const struct cn_known *known, uint64_t word, enum cn_ending ending, const struct cn_look *look);

/* The quarantined block becomes the core's again, after a check; parked where it is damaged. */
void cn_live_leave(const struct cn_known *known, uint64_t word);

/* The core takes the live or quarantined block back by itself, with its whole heap, whose blocks were looked at before:
 * its pages can be accessed again. `look` says who destroys the heap. */
void cn_live_forget(const struct cn_known *known, uint64_t word, const struct cn_look *look);

/* Once, at the start: whether addresses are short. */
void cn_live_start(void);

/* Memory that a quarantined block holds, with its record; where addresses are short, they are memory too. */
size_t cn_live_waiting_bytes(const struct cn_known *known);

#endif
