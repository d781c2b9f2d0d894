#define _GNU_SOURCE
#include "fuzz/faults.h"

#include <signal.h>
#include <stddef.h>

#include "fuzz/expect.h"

static struct sigaction before;

void cn_faults_begin(void) {
    struct sigaction none = {.sa_handler = SIG_DFL};
    CN_EXPECT(sigaction(SIGSEGV, &none, &before) == 0, "a signal can be handled");
}

void cn_faults_end(void) { CN_EXPECT(sigaction(SIGSEGV, &before, NULL) == 0, "a signal can be handled as before"); }
