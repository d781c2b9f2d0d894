#include "demangle.h"

#include <string.h>

#include "alloc/bits.h"
#include "backtrace/cn_backtrace.h"

enum { WITH_PARAMETERS = 1 << 0, AS_WRITTEN = 1 << 1, NAME_MAX_LENGTH = 400 };

struct buffer {
    char *bytes;
    size_t length;
};

static void append(const char *text, size_t length, void *argument) {
    static const char ellipsis[] = "...";
    struct buffer *buffer = argument;
    size_t room = CN_DEMANGLED_BYTES - sizeof ellipsis - buffer->length;
    memcpy(buffer->bytes + buffer->length, text, cn_min(length, room));
    buffer->length += cn_min(length, room);
    if (length > room) {
        memcpy(buffer->bytes + buffer->length, ellipsis, sizeof ellipsis);
    }
}

const char *cn_demangle(const char *name, char result[CN_DEMANGLED_BYTES]) {
    struct buffer buffer = {.bytes = result};
    bool is_mangled = name[0] == '_' && name[1] == 'Z' && strlen(name) <= NAME_MAX_LENGTH;
    if (!is_mangled || cn_cplus_demangle_v3_callback == NULL) {
        return name;
    }
    memset(result, 0, CN_DEMANGLED_BYTES);
    return cn_cplus_demangle_v3_callback(name, WITH_PARAMETERS | AS_WRITTEN, append, &buffer) != 0 ? result : name;
}
