#define _GNU_SOURCE

#include "tools/cairn_target.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/cairn_text.h"

/* As many `#!' lines as Linux follows from a script to its interpreter. */
enum { INTERPRETER_DEPTH_MAX = 4 };

static bool is_executable_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *cn_target_find(const char *program) {
    if (strchr(program, '/') != NULL) {
        return is_executable_file(program) ? cn_text_format("%s", program) : NULL;
    }
    const char *directory = getenv("PATH");
    directory = directory != NULL ? directory : "/bin:/usr/bin"; /* as execvp(3) has it */
    while (directory != NULL) {
        size_t length = strcspn(directory, ":");
        char *path = cn_text_format("%.*s%s%s", (int)length, directory, length > 0 ? "/" : "", program);
        if (is_executable_file(path)) {
            return path;
        }
        free(path);
        directory = directory[length] == ':' ? directory + length + 1 : NULL;
    }
    return NULL;
}

/* The dynamic linker ignores the environment where execution raises privilege (AT_SECURE). */
static const char *obstacle_of_privilege(int file) {
    struct stat status;
    if (fstat(file, &status) != 0) {
        return NULL;
    }
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid()) {
        return "setuid to another user";
    }
    if ((status.st_mode & S_ISGID) != 0 && status.st_gid != getgid()) {
        return "setgid to another group";
    }
    if (getuid() != 0 && fgetxattr(file, "security.capability", NULL, 0) > 0) {
        return "given capabilities of its own";
    }
    return NULL;
}

/* Whether the file names a dynamic linker. */
static bool has_interpreter(int file, const ElfW(Ehdr) * header) {
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        off_t offset = (off_t)(header->e_phoff + (size_t)i * header->e_phentsize);
        if (pread(file, &segment, sizeof segment, offset) != (ssize_t)sizeof segment) {
            return true;
        }
        if (segment.p_type == PT_INTERP) {
            return true;
        }
    }
    return false;
}

/* A whole file, mapped. */
struct image {
    const char *bytes;
    size_t length;
};

/* What lies there; NULL where that is beyond the file, or not aligned. */
static const void *part_of(const struct image *image, size_t offset, size_t bytes) {
    bool is_inside = offset <= image->length && bytes <= image->length - offset;
    return is_inside && offset % sizeof(uint64_t) == 0 ? image->bytes + offset : NULL;
}

static const char *name_in(const struct image *image, const ElfW(Shdr) * names, size_t offset) {
    size_t start = names->sh_offset + offset;
    bool is_inside = offset < names->sh_size && start < image->length;
    return is_inside && memchr(image->bytes + start, '\0', image->length - start) != NULL ? image->bytes + start : "";
}

static bool has_symbol(const struct image *image, const ElfW(Shdr) * symbols, const ElfW(Shdr) * names) {
    const ElfW(Sym) *symbol = part_of(image, symbols->sh_offset, symbols->sh_size);
    for (size_t i = 0; symbol != NULL && i < symbols->sh_size / sizeof *symbol; i++) {
        if (symbol[i].st_shndx != SHN_UNDEF && strcmp(name_in(image, names, symbol[i].st_name), "malloc") == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the dynamic linker finds malloc in the program, before any library. */
static bool defines_malloc(const struct image *image) {
    const ElfW(Ehdr) *header = part_of(image, 0, sizeof *header);
    size_t count = header != NULL ? header->e_shnum : 0;
    const ElfW(Shdr) *sections = count != 0 ? part_of(image, header->e_shoff, count * sizeof *sections) : NULL;
    for (size_t i = 0; sections != NULL && i < count; i++) {
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < count &&
            has_symbol(image, &sections[i], &sections[sections[i].sh_link])) {
            return true;
        }
    }
    return false;
}

static bool has_own_malloc(int file) {
    struct stat status;
    if (fstat(file, &status) != 0 || status.st_size <= 0) {
        return false;
    }
    struct image image = {.length = (size_t)status.st_size};
    void *bytes = mmap(NULL, image.length, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        return false;
    }
    image.bytes = bytes;
    bool has_it = defines_malloc(&image);
    (void)munmap(bytes, image.length);
    return has_it;
}

static const char *obstacle_of_elf(int file) {
    ElfW(Ehdr) header;
    if (pread(file, &header, sizeof header, 0) != (ssize_t)sizeof header) {
        return NULL;
    }
    int own_class = sizeof(void *) == sizeof(uint64_t) ? ELFCLASS64 : ELFCLASS32;
    if (header.e_ident[EI_CLASS] != own_class) {
        return "built for another word size than Cairn";
    }
    if (!has_interpreter(file, &header)) {
        return "statically linked";
    }
    return has_own_malloc(file) ? "linked with a malloc of its own, as sanitizers have one" : NULL;
}

/* The interpreter of a script's first line, in place; NULL where the line names none. */
static char *interpreter_of(char *line) {
    line[strcspn(line, "\n")] = '\0';
    char *interpreter = line + strlen("#!");
    interpreter += strspn(interpreter, " \t");
    interpreter[strcspn(interpreter, " \t")] = '\0';
    return interpreter[0] == '\0' ? NULL : interpreter;
}

static const char *obstacle_of(const char *path, int depth);

static const char *obstacle_of_file(int file, int depth) {
    char start[PATH_MAX] = {0};
    if (pread(file, start, sizeof start - 1, 0) < 0) {
        return NULL;
    }
    if (memcmp(start, "#!", strlen("#!")) == 0) {
        char *interpreter = interpreter_of(start);
        return interpreter == NULL || depth == INTERPRETER_DEPTH_MAX ? NULL : obstacle_of(interpreter, depth + 1);
    }
    if (memcmp(start, ELFMAG, SELFMAG) != 0) {
        return NULL;
    }
    const char *obstacle = obstacle_of_privilege(file);
    return obstacle != NULL ? obstacle : obstacle_of_elf(file);
}

static const char *obstacle_of(const char *path, int depth) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return NULL;
    }
    const char *obstacle = obstacle_of_file(file, depth);
    close(file);
    return obstacle;
}

const char *cn_target_obstacle(const char *path) { return obstacle_of(path, 0); }
