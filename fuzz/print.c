#include "fuzz/print.h"

enum { NUMBER_BYTES = 24, LARGE_BYTES = 64 << 10 };

/* From here on a size is printed in hexadecimal. */
static const size_t absurd_bytes = (size_t)1 << 46;

struct printer {
    FILE *out;
    unsigned parts; /* functions of the C program so far */
};

struct number {
    char text[NUMBER_BYTES];
};

static struct number number(size_t value) {
    struct number number;
    (void)snprintf(number.text, sizeof number.text, value < absurd_bytes ? "%zu" : "0x%zx", value);
    return number;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static void print_allocation(FILE *out, const struct cn_operation *operation) {
    static const char *const names[] = {
        [CN_OP_MALLOC] = "malloc", [CN_OP_CALLOC] = "calloc", [CN_OP_ALIGNED_ALLOC] = "aligned_alloc"};
    const char *name = names[operation->kind];
    if (operation->heap != 0) {
        fprintf(out, "cairn_heap_%s(heap(%u), ", name, operation->heap);
    } else {
        fprintf(out, "cairn_%s(", name);
    }
    if (operation->kind == CN_OP_CALLOC) {
        fprintf(out, "%s, ", number(operation->count).text);
    } else if (operation->kind == CN_OP_ALIGNED_ALLOC) {
        fprintf(out, "%s, ", number(operation->alignment).text);
    }
    fprintf(out, "%s)", number(operation->size).text);
}

/* Every other realloc and free is by the call for the block's heap, if it has one: which the program finds out. */
static void print_resizing(FILE *out, const struct cn_operation *operation) {
    unsigned slot = operation->slot;
    struct number size = number(operation->size);
    if (operation->kind == CN_OP_REALLOCARRAY) {
        fprintf(out, "cairn_reallocarray(block(%u), %zu, %s)", slot, operation->count, size.text);
    } else if (operation->extra % 2 == 0) {
        fprintf(out, "realloc_in_heap(%u, %s)", slot, size.text);
    } else {
        fprintf(out, "cairn_realloc(block(%u), %s)", slot, size.text);
    }
}

/* Calls of the prelude that concern no single block. */
static void print_rest(FILE *out, const struct cn_operation *operation) {
    switch (operation->kind) {
    case CN_OP_FREE:
        fprintf(out, operation->extra % 2 == 0 ? "free_in_heap(%u)" : "cairn_free(take(%u))", operation->slot);
        break;
    case CN_OP_FREE_SIZED:
        fprintf(out, "free_sized(%u)", operation->slot);
        break;
    case CN_OP_FREE_SOME:
        fprintf(out, "free_some(%u, %zu)", operation->slot, operation->count);
        break;
    case CN_OP_USABLE_SIZE:
        fprintf(out, "cairn_usable_size(blocks[%u].start)", operation->slot);
        break;
    case CN_OP_WRITE:
        fprintf(out, "fill(%u)", operation->slot);
        break;
    case CN_OP_BURST:
        fprintf(out, "burst(%u, %zu, %s)", operation->heap, operation->count, number(operation->size).text);
        break;
    case CN_OP_BURST_FREE:
        fprintf(out, "burst_free(%u, %zu)", operation->extra, operation->count);
        break;
    case CN_OP_HEAP_CREATE:
        fprintf(out, "create(%u, %s, %s)", operation->heap, number(operation->size).text,
                operation->slot % 2 != 0 ? "free_first" : "NULL");
        break;
    case CN_OP_HEAP_DESTROY:
        fprintf(out, "destroy(%u)", operation->heap);
        break;
    case CN_OP_WALK:
        fprintf(out, "walk(%u)", operation->heap);
        break;
    case CN_OP_WALK_AND_FREE:
        fprintf(out, "walk_and_free()");
        break;
    case CN_OP_STATS:
        fprintf(out, "stats(0)");
        break;
    case CN_OP_HEAP_STATS:
        fprintf(out, "stats(%u)", operation->heap);
        break;
    case CN_OP_TRIM:
        fprintf(out, "cairn_trim()");
        break;
    default:
        fprintf(out, "cairn_check()");
        break;
    }
}

static bool is_allocation(enum cn_operation_kind kind) { return kind <= CN_OP_ALIGNED_ALLOC; }
static bool is_resizing(enum cn_operation_kind kind) { return kind == CN_OP_REALLOC || kind == CN_OP_REALLOCARRAY; }

static void print_call(FILE *out, const struct cn_operation *operation) {
    if (is_allocation(operation->kind)) {
        print_allocation(out, operation);
    } else if (is_resizing(operation->kind)) {
        print_resizing(out, operation);
    } else {
        print_rest(out, operation);
    }
}

/* ---- for people ---------------------------------------------------------------------------------------------- */

static void print_line(FILE *out, const struct cn_operation *operation) {
    switch (operation->kind) {
    case CN_OP_HAND_OVER:
        fprintf(out, "now thread %u", operation->thread);
        break;
    case CN_OP_THREAD_END:
        fprintf(out, "the thread ends, unless it is thread 0; now thread %u", operation->thread);
        break;
    case CN_OP_START_OVER:
        fprintf(out, "all is freed and trimmed; now thread 0");
        break;
    default:
        if (is_allocation(operation->kind) || is_resizing(operation->kind)) {
            fprintf(out, "block %u = ", operation->slot);
        }
        print_call(out, operation);
        break;
    }
    fputc('\n', out);
}

void cn_print_operations(FILE *out, const uint8_t *data, size_t size, enum cn_program_shape shape) {
    for (size_t i = 0; i < cn_program_length(size); i++) {
        struct cn_operation operation = cn_program_operation(data, i, shape);
        fprintf(out, "%4zu  ", i);
        print_line(out, &operation);
    }
}

/* ---- as a C program ------------------------------------------------------------------------------------------ */

/* A large request is made only where not too much is live. */
static void print_guard(FILE *out, size_t bytes) {
    if (bytes >= LARGE_BYTES && bytes < absurd_bytes) {
        fprintf(out, "if (fits(%zu)) ", bytes);
    }
}

static void print_statement(struct printer *printer, const struct cn_operation *operation) {
    size_t bytes = cn_operation_bytes(operation);
    fputs("    ", printer->out);
    if (is_allocation(operation->kind)) {
        fprintf(printer->out, "cairn_free(take(%u)); ", operation->slot);
        print_guard(printer->out, bytes);
        bool is_calloc = operation->kind == CN_OP_CALLOC;
        fprintf(printer->out, "put(%u, %u, %s", operation->slot, operation->heap, is_calloc ? "zero(" : "");
        print_call(printer->out, operation);
        if (is_calloc) {
            fprintf(printer->out, ", %u, %s)", operation->slot, number(bytes).text);
        }
        fprintf(printer->out, ", %s, %s)", number(bytes).text,
                number(operation->kind == CN_OP_ALIGNED_ALLOC ? operation->alignment : 0).text);
    } else if (is_resizing(operation->kind)) {
        print_guard(printer->out, bytes);
        fprintf(printer->out, "resized(%u, ", operation->slot);
        print_call(printer->out, operation);
        fprintf(printer->out, ", %s)", number(bytes).text);
    } else {
        print_call(printer->out, operation);
    }
    fputs(";\n", printer->out);
}

/* Whether a stretch of one thread ends here. */
static bool ends_part(enum cn_operation_kind kind) {
    return kind == CN_OP_HAND_OVER || kind == CN_OP_THREAD_END || kind == CN_OP_START_OVER;
}

static void print_parts(struct printer *printer, const uint8_t *data, size_t length, enum cn_program_shape shape) {
    for (size_t i = 0; i < length;) {
        fprintf(printer->out, "\nstatic void part_%u(void) {\n", printer->parts++);
        for (; i < length; i++) {
            struct cn_operation operation = cn_program_operation(data, i, shape);
            if (ends_part(operation.kind)) {
                i++;
                break;
            }
            print_statement(printer, &operation);
        }
        fputs("}\n", printer->out);
    }
}

/* Who performs which part. */
static void print_main(struct printer *printer, const uint8_t *data, size_t length, enum cn_program_shape shape) {
    unsigned thread = 0;
    unsigned part = 0;
    fputs("\nint main(void) {\n", printer->out);
    if (printer->parts > 0) {
        fprintf(printer->out, "    run(0, part_%u);\n", part++);
    }
    for (size_t i = 0; i < length; i++) {
        struct cn_operation operation = cn_program_operation(data, i, shape);
        if (!ends_part(operation.kind)) {
            continue;
        }
        if (operation.kind == CN_OP_THREAD_END) {
            fprintf(printer->out, "    end_thread(%u);\n", thread);
        } else if (operation.kind == CN_OP_START_OVER) {
            fputs("    start_over();\n", printer->out);
        }
        thread = operation.kind == CN_OP_START_OVER ? 0 : operation.thread;
        if (part < printer->parts) {
            fprintf(printer->out, "    run(%u, part_%u);\n", thread, part++);
        }
    }
    fputs("    start_over();\n    return 0;\n}\n", printer->out);
}

void cn_print_program(FILE *out, const uint8_t *data, size_t size, enum cn_program_shape shape, const char *title) {
    struct printer printer = {.out = out};
    size_t length = cn_program_length(size);
    fprintf(out, "/*\n * %s, as a program.\n *\n", title);
    fputs(" *   cc -g -Ialloc THIS.c -Lbazel-bin -lcairn -Wl,-rpath,$PWD/bazel-bin -lpthread && ./a.out\n *\n", out);
    fputs(" * With -lcairn-debug in place of -lcairn it runs on the debug form.\n */\n", out);
    for (const char *const *piece = cn_print_prelude; *piece != NULL; piece++) {
        fputs(*piece, out);
    }
    print_parts(&printer, data, length, shape);
    print_main(&printer, data, length, shape);
}
