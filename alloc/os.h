/*
 * os.h: all that Cairn asks of the operating system. One implementation a platform (os_linux.c) makes every system
 * call; nothing above it does.
 *
 * Nothing here allocates from the heap. Sizes are bytes and multiples of the page size unless said otherwise. errno is
 * left as it was, except by cn_os_abort's callers, who do not return.
 */
#ifndef CN_OS_H
#define CN_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t cn_os_page_bytes(void);
size_t cn_os_physical_bytes(void);

/* Reserves `bytes` of addresses, aligned to `alignment` (a power of two), that cannot be accessed until they are
 * committed, and are not part of a core file until then. NULL where the system refuses. At most one reservation is made
 * in a process.
 *
 * Under a limit of address space (RLIMIT_AS) the addresses are only chosen, not held, since holding them would use the
 * limit up: committing then fails where somebody else has mapped them meanwhile. */
char *cn_os_reserve(size_t bytes, size_t alignment);

/* Makes reserved memory accessible; it reads as zero if it was not committed before. False where the system refuses. */
bool cn_os_commit(void *memory, size_t bytes);

/* Gives memory back to the system and makes it what it was when it was reserved. False where the system refuses;
 * nothing has changed then. */
bool cn_os_decommit(void *memory, size_t bytes);

/* Gives committed memory back; it stays accessible and reads as zero. False where the system refuses, as for memory
 * that the program has locked; nothing has changed then. */
bool cn_os_purge(void *memory, size_t bytes);

/* Moves the pages of [from, from + bytes) to the start of [to, to + to_bytes), which is not shorter; both are committed.
 * What `from` holds then is zero, and so is the rest of the target, all of which is one mapping. Where the system cannot,
 * nothing is moved, and what the target held may be gone: CN_MOVE_REFUSED. CN_MOVE_LOST: it is not even accessible any
 * more. */
enum cn_move { CN_MOVE_DONE, CN_MOVE_REFUSED, CN_MOVE_LOST };
enum cn_move cn_os_move(void *from, size_t bytes, void *to, size_t to_bytes);

/* Replaces committed memory by fresh, zero memory, so that it is one mapping with its neighbours again. False where the
 * system refuses. */
bool cn_os_renew(void *memory, size_t bytes);

/* A mapping of its own, zero, aligned to `alignment`; NULL where the system refuses. `unmap` returns it. */
char *cn_os_map(size_t bytes, size_t alignment);
void cn_os_unmap(void *memory, size_t bytes);

/* What may be done with committed memory from now on. False where the system refuses; nothing has changed then. */
enum cn_access_right { CN_RIGHT_NONE, CN_RIGHT_READ, CN_RIGHT_WRITE };
bool cn_os_protect(void *memory, size_t bytes, enum cn_access_right right);

/* Addresses that cannot be accessed, until `protect` says otherwise; they cost nothing but a limit of address space,
 * and are no part of a core file. NULL where the system refuses. `withhold` makes them again what they were at
 * first, and gives their memory back; false where the system refuses. */
char *cn_os_hold(size_t bytes);
bool cn_os_withhold(void *memory, size_t bytes);

/* How much address space, and how many mappings, the process can have; SIZE_MAX: there is no limit. */
size_t cn_os_address_space_bytes(void);
size_t cn_os_mapping_limit(void);

/* Resizes a mapping where it is; false, and the mapping as it was, where the system refuses. */
bool cn_os_resize(void *memory, size_t old_bytes, size_t new_bytes);

/* The bytes of [memory, memory + bytes) that are in memory now; all of them, where the system cannot say. A sandbox may end
 * the process for the question: it is not one for malloc and free. */
size_t cn_os_resident_bytes(const void *memory, size_t bytes);

/* Whether the word at `address`, a multiple of its size, can be read now. */
bool cn_os_is_readable(const void *address);
/* Copies from memory that may be anything, or nothing. Returns how many bytes there were, from the first one on. */
size_t cn_os_peek(const void *from, void *to, size_t bytes);

/* Milliseconds on a coarse clock that never goes back. */
uint64_t cn_os_milliseconds(void);

/* The system's number for the calling thread. */
unsigned cn_os_thread_id(void);

/* Writes all bytes; 0 or an errno: EAGAIN where the file does not wait, and has no room within a second. `open` creates or
 * truncates a file for writing, `open_to_append` creates it or goes on at its end, `open_to_read` opens one that is there; -1
 * where it fails. */
int cn_os_write(int fd, const char *bytes, size_t length);
int cn_os_open(const char *path);
int cn_os_open_to_append(const char *path);
int cn_os_open_to_read(const char *path);
/* How many bytes were read, at most `room`; 0 at the end of the file, -1 where it fails. */
ptrdiff_t cn_os_read(int fd, char *bytes, size_t room);
bool cn_os_is_open(int fd);
bool cn_os_is_terminal(int fd);
int cn_os_duplicate(int fd); /* not inherited by other programs, at a high number; fd itself where it fails */

/* Which file a descriptor leads to. False where it is not open. */
struct cn_os_file {
    uint64_t device;
    uint64_t inode;
};
bool cn_os_identify(int fd, struct cn_os_file *file);

void cn_os_close(int fd);
bool cn_os_is_file_readable(const char *path);
unsigned cn_os_process_id(void);

/* Bits that another process does not have. */
uint64_t cn_os_random(void);

/* The program's own file, by a name that is good even if it has been removed; and its path, with an end mark, or false
 * where it is not to be had. */
#define CN_OS_PROGRAM "/proc/self/exe"
bool cn_os_program_path(char *result, size_t result_bytes);

/* True in a program that runs with more rights than its caller: the environment is not to be trusted. */
bool cn_os_is_privileged(void);

/* Lets other threads run. */
void cn_os_yield(void);

/* Sleeps while *word is `value`; may return early. `wake` wakes one sleeper. */
void cn_os_wait(const void *word, uint32_t value);
void cn_os_wake(const void *word);

/* From now on `handler` is called on the signal; system calls that it interrupts go on. */
void cn_os_handle_signal(int number, void (*handler)(int number));

/* Raises SIGTRAP: a debugger stops here; without one the process ends. */
void cn_os_trap(void);

/* Raises SIGABRT, also where the thread blocks it: the program's handler is called once. Does not return even where it is
 * ignored, or the handler returns. `is_aborting`: whether the calling thread is in a handler that this has called. */
__attribute__((noreturn)) void cn_os_abort(void);
bool cn_os_is_aborting(void);

#endif
