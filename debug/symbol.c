#define _GNU_SOURCE
#include "symbol.h"

#include <link.h>
#include <string.h>

#include "alloc/module.h"
#include "alloc/os.h"
#include "backtrace/cn_backtrace.h"
#include "demangle.h"
#include "maps.h"

/* ---- modules that were read ---------------------------------------------------------------------------------- */

/* libbacktrace is given one module at a time, so that a report reads only those that it names: as the program, its
 * file; and, when it asks where the program is loaded, `base`. */
struct known_module {
    struct cn_module module;
    struct cn_backtrace_state *state; /* NULL: there is nothing to be had */
    const char *path;                 /* as a person would give it */
};

enum { MAX_MODULES = 256, PATH_BYTES = 4096 };

static struct known_module known_modules[MAX_MODULES];
static size_t known_module_count;
static uintptr_t base_in_question;

int cn_symbol_iterate_phdr(int (*visit)(struct dl_phdr_info *info, size_t bytes, void *argument), void *argument);

/* What libbacktrace calls for dl_iterate_phdr. */
int cn_symbol_iterate_phdr(int (*visit)(struct dl_phdr_info *info, size_t bytes, void *argument), void *argument) {
    struct dl_phdr_info info = {.dlpi_addr = base_in_question, .dlpi_name = ""};
    return visit(&info, sizeof info, argument);
}

static void ignore_error(void *argument, const char *message, int number) {
    (void)argument;
    (void)message;
    (void)number;
}

/* A copy that stays when the module goes; `path` itself where there is no memory. */
static const char *keep(const char *path) {
    static char *room;
    static size_t room_bytes;
    size_t bytes = strlen(path) + 1;
    if (bytes > room_bytes) {
        room_bytes = cn_round_up(bytes, 4 * (size_t)PATH_BYTES);
        room = cn_os_map(room_bytes, PATH_BYTES);
    }
    if (room == NULL) {
        room_bytes = 0;
        return path;
    }
    char *copy = memcpy(room, path, bytes);
    room += bytes;
    room_bytes -= bytes;
    return copy;
}

struct mapped_file {
    uintptr_t address;
    char path[CN_MAPPING_PATH_BYTES];
};

static bool take_path(const struct cn_mapping *mapping, void *argument) {
    struct mapped_file *file = argument;
    bool is_there = mapping->start <= file->address && file->address < mapping->end;
    if (is_there) {
        memcpy(file->path, mapping->path, sizeof file->path);
    }
    return !is_there;
}

/* The file that is mapped where the module is. Of a program that was started through the dynamic linker the latter is what the
 * system calls the program; and a path that is not absolute may by now be another file's. */
static bool find_file(const struct cn_module *module, struct mapped_file *file) {
    *file = (struct mapped_file){.address = module->start};
    return module->path[0] != '/' && !cn_maps_walk(take_path, file) && file->path[0] == '/' &&
           cn_os_is_file_readable(file->path);
}

static void read_module(struct known_module *known) {
    static char program[PATH_BYTES];
    static struct mapped_file mapped; /* which must stay where there is no memory to keep its path */
    bool is_program = known->module.path[0] == '\0';
    const char *file = is_program ? CN_OS_PROGRAM : known->module.path;
    if (find_file(&known->module, &mapped)) {
        file = mapped.path;
        is_program = false;
    }
    file = is_program ? file : keep(file);
    known->path = is_program && cn_os_program_path(program, sizeof program) ? program : file;
    known->module.path = file;
    if (cn_backtrace_create_state != NULL && cn_os_is_file_readable(file)) {
        enum { IS_THREADED = 1 };
        known->state = cn_backtrace_create_state(file, IS_THREADED, ignore_error, NULL);
    }
}

static bool is_same(const struct cn_module *a, const struct cn_module *b) {
    return a->identity == b->identity && a->base == b->base && a->start == b->start && a->end == b->end;
}

/* The module that holds the address, read; NULL where there is none. */
static const struct known_module *find_module(uintptr_t address) {
    struct cn_module module;
    if (!cn_module_find(address, &module)) {
        return NULL;
    }
    size_t i = 0;
    while (i < known_module_count && !is_same(&known_modules[i].module, &module)) {
        i++;
    }
    if (i == MAX_MODULES) {
        static struct known_module unread; /* there is no room for its symbols */
        unread = (struct known_module){.module = module, .path = module.path};
        return &unread;
    }
    if (i == known_module_count) {
        known_modules[i].module = module;
        read_module(&known_modules[i]);
        known_module_count++;
    }
    base_in_question = module.base;
    return &known_modules[i];
}

/* ---- one frame ----------------------------------------------------------------------------------------------- */

struct visit {
    struct cn_location location;
    void (*visit)(const struct cn_location *location, void *argument);
    void *argument;
    size_t count;
    char name[CN_DEMANGLED_BYTES];
};

static void take_symbol(void *argument, uintptr_t pc, const char *name, uintptr_t address, uintptr_t bytes) {
    struct cn_symbol *symbol = argument;
    (void)pc;
    *symbol = (struct cn_symbol){name, address, bytes};
}

static struct cn_symbol symbol_at(const struct known_module *known, uintptr_t address) {
    struct cn_symbol symbol = {0};
    if (known != NULL && known->state != NULL) {
        (void)cn_backtrace_syminfo(known->state, address, take_symbol, ignore_error, &symbol);
    }
    return symbol;
}

/* libbacktrace puts the folder of the compiler before a file also where clang, whose folder shares nothing with the file's,
 * has named that by its whole path. */
static const char *whole_path(const char *file) {
    const char *joint = strstr(file, "//");
    return joint != NULL && cn_os_is_file_readable(joint + 1) ? joint + 1 : file;
}

static int take_line(void *argument, uintptr_t pc, const char *file, int line, const char *function) {
    struct visit *visit = argument;
    (void)pc;
    if (file == NULL || function == NULL) {
        return 0; /* there is no more than the symbol says */
    }
    visit->location.function = cn_demangle(function, visit->name);
    visit->location.file = whole_path(file);
    visit->location.line = line > 0 ? (unsigned)line : 0;
    visit->count++;
    visit->visit(&visit->location, visit->argument);
    return 0;
}

void cn_symbol_visit_frame(uintptr_t frame, void (*visit)(const struct cn_location *location, void *argument),
                           void *argument) {
    struct visit state = {.location = {.pc = cn_frame_pc(frame)}, .visit = visit, .argument = argument};
    uintptr_t address = cn_frame_instruction(frame);
    const struct known_module *known = find_module(address);
    if (known != NULL) {
        state.location.module = known->path;
        state.location.module_offset = state.location.pc - known->module.base;
    }
    if (known != NULL && known->state != NULL) {
        (void)cn_backtrace_pcinfo(known->state, address, take_line, ignore_error, &state);
    }
    if (state.count == 0) {
        struct cn_symbol symbol = symbol_at(known, address);
        if (symbol.name != NULL) {
            state.location.function = cn_demangle(symbol.name, state.name);
            state.location.offset = state.location.pc - symbol.address;
        }
        visit(&state.location, argument);
    }
}

size_t cn_symbol_first_frame(const struct cn_depot_stack *stack) {
    struct cn_module own;
    struct cn_module module;
    if (!cn_module_find((uintptr_t)&cn_symbol_first_frame, &own) || own.path[0] == '\0') {
        return 0;
    }
    size_t first = 0;
    while (first < stack->count && cn_module_find(cn_frame_instruction(stack->frames[first]), &module) &&
           is_same(&module, &own)) {
        first++;
    }
    return first < stack->count ? first : 0;
}

bool cn_symbol_find(uintptr_t address, struct cn_symbol *symbol) {
    static char name[CN_DEMANGLED_BYTES];
    *symbol = symbol_at(find_module(address), address);
    if (symbol->name == NULL || address - symbol->address >= cn_max(symbol->size_bytes, 1)) {
        return false;
    }
    symbol->name = cn_demangle(symbol->name, name);
    return true;
}

/* ---- printing ------------------------------------------------------------------------------------------------ */

struct printer {
    struct cn_text *text;
    size_t number;
};

static void print_location(const struct cn_location *location, void *argument) {
    struct printer *printer = argument;
    struct cn_text *text = printer->text;
    cn_text_put(text, "    #");
    cn_text_put_number(text, printer->number++);
    cn_text_put_char(text, ' ');
    cn_text_put_hex(text, location->pc);
    if (location->function != NULL) {
        cn_text_put(text, " in ");
        cn_text_put(text, location->function);
    }
    if (location->file != NULL) {
        cn_text_put_char(text, ' ');
        cn_text_put(text, location->file);
        cn_text_put_char(text, ':');
        cn_text_put_number(text, location->line);
    } else if (location->function != NULL) {
        cn_text_put_char(text, '+');
        cn_text_put_hex(text, location->offset);
    }
    if (location->module != NULL) {
        cn_text_put(text, " (");
        cn_text_put(text, location->module);
        cn_text_put_char(text, '+');
        cn_text_put_hex(text, location->module_offset);
        cn_text_put(text, ")\n");
    } else {
        cn_text_put(text, " (in no module)\n");
    }
}

void cn_symbol_print_stack(struct cn_text *text, uint32_t id) {
    const struct cn_depot_stack *stack = cn_depot_find(id);
    struct printer printer = {.text = text};
    if (stack == NULL) {
        cn_text_put(text,
                    id == CN_DEPOT_FULL ? "    (not kept: there was no room for more stacks)\n" : "    (not taken)\n");
        return;
    }
    for (size_t i = cn_symbol_first_frame(stack); i < stack->count; i++) {
        cn_symbol_visit_frame(stack->frames[i], print_location, &printer);
    }
}
