/*
 * promise.c: the public functions about promises, which the debug form keeps.
 */
#include "cairn.h"
#include "hooks.h"

bool cairn_seal(void *block) { return CAIRN_DEBUG && cn_debug_seal(block); }

bool cairn_unseal(void *block) { return CAIRN_DEBUG && cn_debug_unseal(block); }

bool cairn_fence(void *block, size_t offset, size_t length) {
    return CAIRN_DEBUG && cn_debug_fence(block, offset, length);
}
