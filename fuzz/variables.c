#define _GNU_SOURCE
#include "fuzz/variables.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/expect.h"

enum { VARIABLES_MAX = 512, BYTES_MAX = 1 << 20, LARGE_BYTES = 128 << 10, PAGE_BYTES = 4096 };

struct variable {
    char *start;
    size_t bytes;
};

static struct variable variables[VARIABLES_MAX];
static size_t variable_count;
static struct variable large_variables[VARIABLES_MAX]; /* which hold zeros */
static size_t large_count;
static _Alignas(uint64_t) char kept[BYTES_MAX]; /* of all variables, each at a multiple of eight */
static size_t kept_bytes;

/* ---- copying ------------------------------------------------------------------------------------------------- */

/* A sanitizer must see neither the copy, which goes across what it has put around variables, nor a memcpy in its
 * place. */
__attribute__((no_sanitize_address, no_sanitize_thread)) static void copy(char *to, const char *from, size_t bytes) {
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
#else
    for (size_t i = 0; i < bytes; i++) {
        ((volatile char *)to)[i] = ((const volatile char *)from)[i];
    }
#endif
}

__attribute__((no_sanitize_address, no_sanitize_thread)) static bool is_zero(const char *start, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (((const volatile char *)start)[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Whole pages go back to the system: few of them are ever used. */
static void clear_large(const struct variable *variable) {
    char *start = variable->start;
    char *end = start + variable->bytes;
    char *first_page = start + (PAGE_BYTES - (uintptr_t)start % PAGE_BYTES) % PAGE_BYTES;
    char *last_page = end - (uintptr_t)end % PAGE_BYTES;
    static const char zeros[PAGE_BYTES];
    copy(start, zeros, (size_t)(first_page - start));
    copy(last_page, zeros, (size_t)(end - last_page));
    CN_EXPECT(madvise(first_page, (size_t)(last_page - first_page), MADV_DONTNEED) == 0, "pages can be given back");
}

void cn_variables_keep_also(char *start, size_t bytes) {
    if (bytes >= LARGE_BYTES && is_zero(start, bytes)) {
        CN_EXPECT(large_count < VARIABLES_MAX, "there is room for all variables");
        large_variables[large_count++] = (struct variable){start, bytes};
        return;
    }
    CN_EXPECT(variable_count < VARIABLES_MAX && kept_bytes + bytes + 8 <= BYTES_MAX, "there is room for all variables");
    variables[variable_count++] = (struct variable){start, bytes};
    copy(kept + kept_bytes, start, bytes);
    kept_bytes += (bytes + 7) / 8 * 8;
}

/* ---- the symbol table ---------------------------------------------------------------------------------------- */

struct image {
    const char *bytes;
    uintptr_t moved_by; /* addresses in memory minus those in the file */
    char *thread_local; /* where those of this thread start */
    const Elf64_Shdr *sections;
    const Elf64_Shdr *symbols;
    const char *names;
    const char *section_names;
};

static bool begins_with(const char *name, const char *with) { return strncmp(name, with, strlen(with)) == 0; }

static bool ends_with(const char *name, const char *with) {
    return strlen(name) >= strlen(with) && strcmp(name + strlen(name) - strlen(with), with) == 0;
}

/* The fuzzers' own C sources, and those of what compilers link with; and unwind.c, whose large table of rules is the
 * same whatever the input does. All others are the core's. */
static bool is_core_source(const char *name) {
    static const char *const others[] = {
        "afl-",    "alone.",  "announce.",    "attack_",   "crew.",    "crtstuff", "faults.",   "GCDA",     "Instr",
        "model",   "mutate.", "operations.",  "os_model.", "pattern.", "play",     "print",     "program.", "pages.",
        "ranges.", "renew.",  "replay_main.", "steps.",    "system.",  "unwind.",  "variables."};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (begins_with(name, others[i])) {
            return false;
        }
    }
    return ends_with(name, ".c") && !ends_with(name, "_fuzz.c") && !ends_with(name, "_test.c");
}

static bool is_writable(const struct image *image, unsigned section) {
    if (section == SHN_UNDEF || section >= SHN_LORESERVE) {
        return false;
    }
    const Elf64_Shdr *header = &image->sections[section];
    return (header->sh_flags & SHF_WRITE) != 0 && !begins_with(image->section_names + header->sh_name, ".data.rel.ro");
}

/* Names that start like this are the compiler's: counters of what was covered, which must stay. */
static bool is_compilers(const char *name) { return begins_with(name, "__"); }

static void remember_variables(const struct image *image) {
    const Elf64_Sym *symbols = (const Elf64_Sym *)(const void *)(image->bytes + image->symbols->sh_offset);
    bool is_core = false;
    for (size_t i = 0; i < image->symbols->sh_size / sizeof *symbols; i++) {
        const Elf64_Sym *symbol = &symbols[i];
        const char *name = image->names + symbol->st_name;
        unsigned type = ELF64_ST_TYPE(symbol->st_info);
        bool is_global = ELF64_ST_BIND(symbol->st_info) != STB_LOCAL || begins_with(name, "cn_");
        if (type == STT_FILE) {
            is_core = is_core_source(name);
        } else if (is_compilers(name) || !(is_global ? begins_with(name, "cn_") : is_core)) {
            continue;
        } else if (type == STT_TLS && image->thread_local != NULL) {
            cn_variables_keep_also(image->thread_local + symbol->st_value, symbol->st_size);
        } else if (type == STT_OBJECT && is_writable(image, symbol->st_shndx)) {
            cn_variables_keep_also((char *)(symbol->st_value + image->moved_by), symbol->st_size); // NOLINT: an address
        }
    }
}

static int note_move(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    ((struct image *)argument)->moved_by = info->dlpi_addr;
    ((struct image *)argument)->thread_local = info->dlpi_tls_data;
    return 1; /* the program is the first of all */
}

static void find_sections(struct image *image) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)image->bytes;
    image->sections = (const Elf64_Shdr *)(const void *)(image->bytes + header->e_shoff);
    image->section_names = image->bytes + image->sections[header->e_shstrndx].sh_offset;
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (image->sections[i].sh_type == SHT_SYMTAB) {
            image->symbols = &image->sections[i];
            image->names = image->bytes + image->sections[image->symbols->sh_link].sh_offset;
        }
    }
    CN_EXPECT(image->symbols != NULL, "the program has its symbol table");
    (void)dl_iterate_phdr(note_move, image);
}

void cn_variables_keep(void) {
    struct image image = {.bytes = NULL};
    struct stat status;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CN_EXPECT(file >= 0 && fstat(file, &status) == 0, "the program can be read");
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    CN_EXPECT(bytes != MAP_FAILED, "the program can be mapped");
    image.bytes = bytes;
    find_sections(&image);
    remember_variables(&image);
    (void)munmap(bytes, (size_t)status.st_size);
    (void)close(file);
}

void cn_variables_put_back(void) {
    const char *value = kept;
    for (size_t i = 0; i < variable_count; i++) {
        copy(variables[i].start, value, variables[i].bytes);
        value += (variables[i].bytes + 7) / 8 * 8;
    }
    for (size_t i = 0; i < large_count; i++) {
        clear_large(&large_variables[i]);
    }
}
