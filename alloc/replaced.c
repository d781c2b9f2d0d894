#define _GNU_SOURCE
#include "replaced.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>

#include "operators.h"

/* A program without the dynamic linker has none of it. */
#pragma weak dladdr
#pragma weak dladdr1
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlclose

/* Of no type: these are looked at, and called as what they are elsewhere. */
typedef void any_operator(void);

/* What the operators' names lead to, for everybody; in the shared library they are not bound when it is linked. */
#define LINKED(name, linked_name) extern any_operator name __asm__(linked_name) __attribute__((visibility("default")))

LINKED(linked_new, "_Znwm");
LINKED(linked_new_array, "_Znam");
LINKED(linked_delete, "_ZdlPv");
LINKED(linked_delete_array, "_ZdaPv");
LINKED(linked_new_aligned, "_ZnwmSt11align_val_t");
LINKED(linked_new_array_aligned, "_ZnamSt11align_val_t");
LINKED(linked_delete_aligned, "_ZdlPvSt11align_val_t");
LINKED(linked_delete_array_aligned, "_ZdaPvSt11align_val_t");

/* `stands_for`: the operator that Cairn's leads to, if not itself. */
static const struct {
    any_operator *linked;
    any_operator *own;
    enum cn_operator stands_for;
} operators[CN_OPERATOR_COUNT] = {
    [CN_OPERATOR_NEW] = {linked_new, (any_operator *)cn_operator_new, CN_OPERATOR_NEW},
    [CN_OPERATOR_NEW_ARRAY] = {linked_new_array, (any_operator *)cn_operator_new_array, CN_OPERATOR_NEW},
    [CN_OPERATOR_DELETE] = {linked_delete, (any_operator *)cn_operator_delete, CN_OPERATOR_DELETE},
    [CN_OPERATOR_DELETE_ARRAY] = {linked_delete_array, (any_operator *)cn_operator_delete_array, CN_OPERATOR_DELETE},
    [CN_OPERATOR_NEW_ALIGNED] = {linked_new_aligned, (any_operator *)cn_operator_new_aligned, CN_OPERATOR_NEW_ALIGNED},
    [CN_OPERATOR_NEW_ARRAY_ALIGNED] = {linked_new_array_aligned, (any_operator *)cn_operator_new_array_aligned,
                                       CN_OPERATOR_NEW_ALIGNED},
    [CN_OPERATOR_DELETE_ALIGNED] = {linked_delete_aligned, (any_operator *)cn_operator_delete_aligned,
                                    CN_OPERATOR_DELETE_ALIGNED},
    [CN_OPERATOR_DELETE_ARRAY_ALIGNED] = {linked_delete_array_aligned, (any_operator *)cn_operator_delete_array_aligned,
                                          CN_OPERATOR_DELETE_ALIGNED},
};

/* What was found: NULL before, and Cairn's own where it is the one. Whoever looks finds the same. */
static _Atomic(any_operator *) found[CN_OPERATOR_COUNT];

/* Where a program that is not position-independent takes an operator's address, that is the address of a jump in the
 * program, for everybody. The jump is to Cairn's, where no library before it has the operator, too. */
static bool is_jump(any_operator *linked) {
    Dl_info info;
    void *symbol = NULL;
    return dladdr1 != NULL &&
           dladdr1((void *)(uintptr_t)linked, &info, &symbol, RTLD_DL_SYMENT) != 0 && // NOLINT: only looked up
           symbol != NULL && ((const ElfW(Sym) *)symbol)->st_shndx == SHN_UNDEF;
}

static CN_COLD any_operator *find(enum cn_operator which) {
    any_operator *linked = operators[which].linked;
    if (linked != operators[which].own && !is_jump(linked)) {
        return linked;
    }
    enum cn_operator next = operators[which].stands_for;
    any_operator *theirs = next != which ? cn_replaced_by(next) : NULL;
    return theirs != NULL ? theirs : operators[which].own;
}

any_operator *cn_replaced_by(enum cn_operator which) {
    any_operator *is = atomic_load_explicit(&found[which], memory_order_relaxed);
    if (CN_UNLIKELY(is == NULL)) {
        is = find(which);
        atomic_store_explicit(&found[which], is, memory_order_relaxed);
    }
    return is != operators[which].own ? is : NULL;
}

/* ---- the C++ library's --------------------------------------------------------------------------------------- */

/* Where the module that has the address begins; NULL: none has. */
static const void *module_of(const void *address, const char **path) {
    Dl_info info;
    bool is_found = dladdr(address, &info) != 0;
    *path = is_found ? info.dli_fname : NULL;
    return is_found ? info.dli_fbase : NULL;
}

/* In a module that is loaded, or in those that it was linked with. */
static void *find_in_module(const char *path, const char *linked_name) {
    void *module = path != NULL ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (module == NULL) {
        return NULL;
    }
    void *address = dlsym(module, linked_name);
    (void)dlclose(module);
    return address;
}

any_operator *cn_replaced_of_library(const char *linked_name, const void *caller) {
    static const char marker;
    const char *path = NULL;
    if (dladdr == NULL || dlopen == NULL || dlsym == NULL || dlclose == NULL) {
        return NULL;
    }
    const void *own = module_of(&marker, &path);
    const void *calling = module_of(caller, &path);
    void *address = calling != own ? find_in_module(path, linked_name) : NULL;
    address = address != NULL ? address : find_in_module("libstdc++.so.6", linked_name);
    return address != NULL && module_of(address, &path) != own ? (any_operator *)(uintptr_t)address
                                                               : NULL; // NOLINT: called
}
