/*
 * module.h: the program or library that an address belongs to.
 *
 * By _dl_find_object, which takes no lock and may be called in a signal handler and while another thread is in dlopen.
 * Where the C library does not have it (before glibc 2.35) no address is known to be in a module.
 */
#ifndef CN_MODULE_H
#define CN_MODULE_H

#include "bits.h"

struct cn_module {
    const char *path; /* as it was loaded; empty for the program itself. Good while the module is there */
    uintptr_t base;   /* an address less this is the address in the file */
    uintptr_t start;  /* of its mappings */
    uintptr_t end;
    const void *eh_frame_hdr; /* NULL: none */
    const void *identity;     /* differs among the modules that are there */
};

/* The module whose mappings hold the address; false where there is none. */
bool cn_module_find(uintptr_t address, struct cn_module *module);

#endif
