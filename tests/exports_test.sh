#!/usr/bin/env bash
# What libcairn.so shows to the dynamic linker: all of the drop-in surface, the public header, and nothing else.
# An allocator that takes over only some of these names hands blocks to another one's free.
set -u

c_names="malloc free calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc cfree
    malloc_usable_size malloc_trim mallopt mallinfo mallinfo2 malloc_stats malloc_info free_sized free_aligned_sized
    __libc_malloc __libc_free __libc_calloc __libc_realloc __libc_memalign __libc_valloc __libc_pvalloc
    __libc_mallinfo __libc_mallopt __posix_memalign"
# operator new, new[], delete and delete[]: plain, nothrow, aligned, aligned nothrow, and sized deletes.
cxx_names="_Znwm _Znam _ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t _ZnwmSt11align_val_t _ZnamSt11align_val_t
    _ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t
    _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm _ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t _ZdlPvSt11align_val_t
    _ZdaPvSt11align_val_t _ZdlPvmSt11align_val_t _ZdaPvmSt11align_val_t _ZdlPvSt11align_val_tRKSt9nothrow_t
    _ZdaPvSt11align_val_tRKSt9nothrow_t"
header_names=$(grep -oE '^CAIRN_API .*\b(cairn_[a-z_]+)\(' alloc/cairn.h | grep -oE 'cairn_[a-z_]+\($' | tr -d '(')
# Libraries that are loaded while the program runs find these, and not the C library's (alloc/loading.c).
c_names+=" dlopen dlsym"
# The debug form also sees how the program ends.
[[ $CAIRN_FORM = release ]] || c_names+=" abort __assert_fail"
# What linkers add of their own.
linker_names="__bss_start _edata _end _init _fini"

exported=" $(nm -D --defined-only --extern-only "$CAIRN_LIBRARY" | awk '{ print $3 }' | xargs) "
undefined=$(nm -D --undefined-only "$CAIRN_LIBRARY")
dynamic=$(readelf -dW "$CAIRN_LIBRARY")
segments=$(readelf -lW "$CAIRN_LIBRARY")

number=0
failed=0

# check "sentence" complaints: no complaints, no fault.
check() {
    number=$((number + 1))
    if [[ -z $2 ]]; then
        printf 'ok %d - %s\n' "$number" "$1"
    else
        failed=1
        printf 'not ok %d - %s\n# %s\n' "$number" "$1" "$(xargs <<<"$2")"
    fi
}

missing() {
    local name
    for name in "$@"; do
        [[ $exported == *" $name "* ]] || printf '%s\n' "$name"
    done
}

foreign() {
    local name known
    # shellcheck disable=SC2086 # lists of words
    known=" $(echo $c_names $cxx_names $header_names $linker_names) "
    for name in $exported; do
        [[ $known == *" $name "* ]] || printf '%s\n' "$name"
    done
}

echo "1..9"
# shellcheck disable=SC2086
{
    check "all names of the C library's allocator are exported" "$(missing $c_names)"
    check "all 20 operators new and delete are exported" "$(missing $cxx_names)"
    check "all functions of the public header are exported" "$(missing ${header_names:-no_functions_found_in_cairn.h})"
}
check "nothing else is exported" "$(foreign)"
check "no library but the C library is needed" "$(grep NEEDED <<<"$dynamic" | grep -vE '\[(libc|ld-linux.*)\.so\.[0-9]\]')"
check "its name is its file's name" "$(grep -q "SONAME.*\[$(basename "$CAIRN_LIBRARY")\]" <<<"$dynamic" || echo "$dynamic")"
check "all is bound at start, so that no call of malloc binds" "$(grep -q BIND_NOW <<<"$dynamic" || echo "$dynamic")"
check "thread-local storage needs no call" "$(grep -F __tls_get_addr <<<"$undefined")"
check "no text relocations, no executable stack" \
    "$(grep TEXTREL <<<"$dynamic"; grep GNU_STACK <<<"$segments" | grep 'RWE')"
exit $failed
