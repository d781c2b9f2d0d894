#include "os_threads.h"

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#else /* glibc before 2.32 does not tell */
static const char __libc_single_threaded;
#endif

const char *const cn_os_single_threaded = &__libc_single_threaded;
