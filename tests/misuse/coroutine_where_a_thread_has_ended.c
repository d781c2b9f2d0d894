// expect: exit 0
// options-debug: leaks=1
#include "misuse.h"
#include <ucontext.h>

enum { STACK_BYTES = 64 * MIB, GUARD_BYTES = 4096 };

static ucontext_t outside;
static ucontext_t inside;

static void *take_and_free(void *argument) {
    free(malloc(10));
    return argument;
}

/* What the registers held is on no stack but this one. */
static void use_registers(void) {
    char text[32];
    (void)snprintf(text, sizeof text, "%d %d %d %d %d %d", 1, 2, 3, 4, 5, 6);
}

static void keep_and_wait(void) {
    char *volatile kept = malloc(1000);
    use_registers();
    swapcontext(&inside, &outside);
    free(kept);
}

/* Further down than where the thread's control block was. */
static void run(void) {
    volatile char room[16 * KIB];
    room[0] = 1;
    keep_and_wait();
    room[1] = 2;
}

static void begin(char *stack) {
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &outside;
    makecontext(&inside, run, 0);
    swapcontext(&outside, &inside);
}

/* The thread's stack is too large for the C library to keep: the coroutine's comes to lie where it was. */
int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_create(&thread, &attributes, take_and_free, NULL);
    pthread_join(thread, NULL);
    char *stack = mmap(NULL, STACK_BYTES + GUARD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(mprotect(stack + GUARD_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE) == 0, "there is memory");
    begin(stack + GUARD_BYTES);
    return 0;
}
