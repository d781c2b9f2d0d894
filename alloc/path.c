#include "path.h"

#include "os.h"
#include "text.h"

enum { PROCESS_ID_MAX_BYTES = 10 };

bool cn_path_expand(const char *path, char *result, size_t room) {
    size_t length = 0;
    for (; *path != '\0' && length + PROCESS_ID_MAX_BYTES < room; path++) {
        if (path[0] == '%' && path[1] == 'p') {
            length += cn_text_format_number(cn_os_process_id(), result + length);
            path++;
        } else {
            result[length++] = *path;
        }
    }
    result[length] = '\0';
    return *path == '\0';
}
