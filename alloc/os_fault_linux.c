/*
 * os_fault_linux.c: os_fault.h on Linux.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "os_fault.h"

#if defined(__x86_64__)
enum { PAGE_FAULT_WAS_WRITE = 2 };

static enum cn_access access_of(const ucontext_t *context) {
    return (context->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WAS_WRITE) != 0 ? CN_ACCESS_WRITE : CN_ACCESS_READ;
}

size_t cn_os_fault_registers(const struct cn_os_fault *fault, uintptr_t *registers, size_t most) {
    const ucontext_t *context = fault->context;
    size_t count = 0;
    for (int i = REG_R8; i <= REG_RSP && count < most; i++) {
        registers[count++] = (uintptr_t)context->uc_mcontext.gregs[i];
    }
    return count;
}
#else
static enum cn_access access_of(const ucontext_t *context) {
    (void)context;
    return CN_ACCESS_NONE;
}

size_t cn_os_fault_registers(const struct cn_os_fault *fault, uintptr_t *registers, size_t most) {
    (void)fault;
    (void)registers;
    (void)most;
    return 0;
}
#endif

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
    struct cn_os_fault fault = {.address = info->si_addr, .access = access_of(context), .context = context};
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
