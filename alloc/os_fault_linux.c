/*
 * os_fault_linux.c: os_fault.h on Linux.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "os_fault.h"

/* ---- the machine --------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
enum { PAGE_FAULT_WAS_WRITE = 2 };

static void read_context(const ucontext_t *context, struct cn_os_fault *fault) {
    const greg_t *registers = context->uc_mcontext.gregs;
    fault->place = (struct cn_os_place){(uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RBP]};
    fault->access = (registers[REG_ERR] & PAGE_FAULT_WAS_WRITE) != 0 ? CN_ACCESS_WRITE : CN_ACCESS_READ;
}
#elif defined(__aarch64__)
enum { FRAME_POINTER = 29 };

static void read_context(const ucontext_t *context, struct cn_os_fault *fault) {
    fault->place = (struct cn_os_place){context->uc_mcontext.pc, context->uc_mcontext.regs[FRAME_POINTER]};
}
#else
static void read_context(const ucontext_t *context, struct cn_os_fault *fault) {
    (void)context;
    (void)fault;
}
#endif

/* ---- the signal ---------------------------------------------------------------------------------------------- */

static bool (*fault_handler)(const struct cn_os_fault *fault);

/* The access is made again, and ends the process; a signal that somebody sent comes again. */
static void pass_on(int number, const siginfo_t *info) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &action, NULL);
    if (info->si_code <= 0) {
        (void)raise(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context) {
    int saved = errno;
    struct cn_os_fault fault = {.address = info->si_addr, .context = context};
    read_context(context, &fault);
    if (info->si_code <= 0 || !fault_handler(&fault)) {
        pass_on(number, info);
    }
    errno = saved;
}

bool cn_os_handle_faults(bool (*handler)(const struct cn_os_fault *fault)) {
    struct sigaction before;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int saved = errno;
    bool is_free =
        sigaction(SIGSEGV, NULL, &before) == 0 && (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL;
    fault_handler = handler;
    is_free = is_free && sigaction(SIGSEGV, &action, NULL) == 0;
    errno = saved;
    return is_free;
}

/* ---- what is where ------------------------------------------------------------------------------------------- */

/* The one call that takes no lock, so that it does not wait for a thread that is loading a library. */
#if __GLIBC_PREREQ(2, 35)
static const struct link_map *find_link_map(uintptr_t address) {
    struct dl_find_object found;
    return _dl_find_object((void *)address, &found) == 0 ? found.dlfo_link_map : NULL; // NOLINT: looked up
}
#else
static const struct link_map *find_link_map(uintptr_t address) {
    (void)address;
    return NULL;
}
#endif

/* The program's own name is not with its module. */
static const char *program_path(void) {
    static char path[4096];
    int saved = errno;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    errno = saved;
    return path;
}

bool cn_os_find_module(uintptr_t address, const char **path, uintptr_t *offset) {
    const struct link_map *map = find_link_map(address);
    if (map == NULL) {
        return false;
    }
    *path = map->l_name != NULL && map->l_name[0] != '\0' ? map->l_name : program_path();
    *offset = address - map->l_addr;
    return true;
}
