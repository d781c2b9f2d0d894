// expect: exit 0
#include "misuse.h"
#include <ucontext.h>

enum { LARGE = 256 * KIB, SMALL = 128 * KIB, PLACE = 100 * KIB };

static ucontext_t outside;
static ucontext_t inside;
static char *memory;

__attribute__((noinline)) static void allocate(void) {
    for (int i = 0; i < 50; i++) {
        void *volatile block = malloc(24);
        free(block);
    }
    __asm__ volatile("");
}

/* Has its callees' frames at the same place, however large the stack is. */
__attribute__((noinline)) static void allocate_at_place(void) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    volatile char *room = __builtin_alloca(here - ((uintptr_t)memory + PLACE));
    room[0] = 1;
    allocate();
    room[0] = 2;
}

__attribute__((noinline)) static void recurse(int depth) {
    if (depth > 0) {
        recurse(depth - 1);
    } else {
        allocate_at_place();
    }
    __asm__ volatile("");
}

static void run(void) { recurse(20); }

static void run_on_stack(size_t bytes) {
    getcontext(&inside);
    inside.uc_stack.ss_sp = memory;
    inside.uc_stack.ss_size = bytes;
    inside.uc_link = &outside;
    makecontext(&inside, run, 0);
    swapcontext(&outside, &inside);
}

/* The words that a walk has read are not there any more. */
int main(void) {
    memory = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    run_on_stack(LARGE);
    munmap(memory + SMALL, LARGE - SMALL);
    run_on_stack(SMALL);
    return 0;
}
