// expect: exit 0
#include "misuse.h"

#if defined(__x86_64__)

enum { STACK_BYTES = MIB };

typedef void *allocate_fn(void *(*allocate)(size_t), size_t size, void *number);

/* As a compiler makes at run time: push rbp; mov rbp, rdx; mov rax, rdi; mov rdi, rsi; call rax; pop rbp; ret. What is in rbp
 * is no frame, and nothing says so. */
static allocate_fn *make_code(void) {
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xd5, 0x48, 0x89, 0xf8,
                                         0x48, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3};
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    allocate_fn *made;
    memcpy(memory, code, sizeof code);
    memcpy(&made, &memory, sizeof made);
    return made;
}

/* Right behind the stack lies memory that goes, while its address stays in a register. */
static void *run(void *stack) {
    allocate_fn *allocate = make_code();
    unsigned char *behind = (unsigned char *)stack + STACK_BYTES;
    for (size_t i = 0; i < 8; i++) {
        free(allocate(malloc, 100 + i, behind + STACK_BYTES / 2));
    }
    munmap(behind, STACK_BYTES);
    for (size_t i = 0; i < 8; i++) {
        free(allocate(malloc, 200 + i, behind + STACK_BYTES / 2));
    }
    return NULL;
}

int main(void) {
    void *both = mmap(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, both, STACK_BYTES);
    return pthread_create(&thread, &attributes, run, both) == 0 && pthread_join(thread, NULL) == 0 ? 0 : 1;
}

#else

int main(void) { return 0; }

#endif
