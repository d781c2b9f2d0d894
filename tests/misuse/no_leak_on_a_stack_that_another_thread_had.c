// expect: exit 0
// expect-debug: exit 0
// options-debug: leaks=1
#include "misuse.h"
#include <ucontext.h>

static int gates[2][2], told[2];
static ucontext_t before, within;
static char coroutine_stack[256 * KIB];

static void tell(void) { require(write(told[1], "x", 1) == 1, "a pipe takes a byte"); }

static void wait_until_told(void) {
    char byte;
    require(read(told[0], &byte, 1) == 1, "a pipe gives a byte");
}

static void *call_and_wait(void *gate) {
    char byte;
    free(malloc(10));
    tell();
    (void)read(*(int *)gate, &byte, 1);
    return NULL;
}

static void wait_for_ever(void) {
    tell();
    pause();
}

/* Holds a block by the stack that it began on, and goes on on another. */
static void *hold(void *unused) {
    void *volatile block = malloc(1234);
    memset(block, 1, 10);
    clear_stack();
    getcontext(&within);
    within.uc_stack.ss_sp = coroutine_stack;
    within.uc_stack.ss_size = sizeof coroutine_stack;
    within.uc_link = &before;
    makecontext(&within, wait_for_ever, 0);
    swapcontext(&before, &within);
    free(block);
    return unused;
}

/* Two threads end in another order than they began: the next one has the stack of one, and what Cairn keeps of the other. */
int main(void) {
    pthread_t first, second, third;
    require(pipe(gates[0]) == 0 && pipe(gates[1]) == 0 && pipe(told) == 0, "there are pipes");
    pthread_create(&first, NULL, call_and_wait, &gates[0][0]);
    wait_until_told();
    pthread_create(&second, NULL, call_and_wait, &gates[1][0]);
    wait_until_told();
    (void)write(gates[1][1], "x", 1);
    pthread_join(second, NULL);
    (void)write(gates[0][1], "x", 1);
    pthread_join(first, NULL);
    pthread_create(&third, NULL, hold, NULL);
    wait_until_told();
    return 0;
}
