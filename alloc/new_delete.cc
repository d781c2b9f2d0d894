/*
 * new_delete.cc: the operators new, on the public header; and, in the debug form, on its entry points, which tell the
 * families of new and new[] apart. The two that programs call most, and all delete, are in operators.c; why they are
 * weak is said there.
 *
 * Nothing here needs the C++ runtime where the program has none: what it takes to call the new-handler, to throw
 * std::bad_alloc and to catch is found through weak references. Where these led nowhere, and the runtime came later, with a
 * library that was loaded, its own operator does it, which takes Cairn's malloc; a process without any is stopped.
 */
#include <cstddef>
#include <cstdlib>
#include <new>

#include "cairn.h"
#include "hooks.h"
#include "operators.h"
#include "replaced.h"

#define EXPORT __attribute__((weak, visibility("default")))

/* What the compiler refers to for catch; clang, for noexcept, to std::terminate() as well. */
__asm__(".weak __gxx_personality_v0, __cxa_begin_catch, __cxa_end_catch, _Unwind_Resume, _ZSt9terminatev");

/* std::get_new_handler() and std::__throw_bad_alloc(), by their linked names. */
extern "C" std::new_handler _ZSt15get_new_handlerv() noexcept __attribute__((weak));
extern "C" [[noreturn]] void _ZSt17__throw_bad_allocv() __attribute__((weak));

namespace {

constexpr std::size_t PLAIN = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

/* The two families: what one has made, the other must not delete. */
enum family { OBJECT = CN_ASKED_NEW, ARRAY = CN_ASKED_NEW_ARRAY };

/* Calls the new-handler, if there is one. */
bool call_handler() {
    std::new_handler handler = _ZSt15get_new_handlerv != nullptr ? _ZSt15get_new_handlerv() : nullptr;
    if (handler == nullptr) {
        return false;
    }
    handler();
    return true;
}

bool has_runtime() { return _ZSt17__throw_bad_allocv != nullptr; }

/* What the caller's C++ library has for it, by one of two names; `nothrow` is std::nothrow, or not there. */
template <typename... Nothrow>
void *take_by_library(const char *plain, const char *aligned, const void *caller, std::size_t size,
                      std::size_t alignment, const Nothrow &...nothrow) {
    if (alignment <= PLAIN) {
        using plain_new = void *(std::size_t, const Nothrow &...);
        auto *theirs = reinterpret_cast<plain_new *>(cn_replaced_of_library(plain, caller));
        return theirs != nullptr ? theirs(size, nothrow...) : nullptr;
    }
    using aligned_new = void *(std::size_t, std::align_val_t, const Nothrow &...);
    auto *theirs = reinterpret_cast<aligned_new *>(cn_replaced_of_library(aligned, caller));
    return theirs != nullptr ? theirs(size, std::align_val_t{alignment}, nothrow...) : nullptr;
}

/* As cairn_aligned_alloc and cairn_malloc; the debug form remembers the family. */
inline void *take(family of, std::size_t size, std::size_t alignment) {
    if (CAIRN_DEBUG != 0) {
        const bool is_power_of_two = alignment != 0 && (alignment & (alignment - 1)) == 0;
        return is_power_of_two ? cn_debug_malloc(nullptr, size, alignment, static_cast<cn_asked>(of)) : nullptr;
    }
    return cairn_aligned_alloc(alignment, size);
}
inline void *take(family of, std::size_t size) { return CAIRN_DEBUG != 0 ? take(of, size, PLAIN) : cairn_malloc(size); }

__attribute__((noinline)) void *retry(family of, std::size_t size, std::size_t alignment) {
    void *block = nullptr;
    while (block == nullptr && call_handler()) {
        block = take(of, size, alignment);
    }
    return block;
}

__attribute__((noinline)) void *retry_or_throw(family of, std::size_t size, std::size_t alignment) {
    void *block = has_runtime()
                      ? retry(of, size, alignment)
                      : take_by_library("_Znwm", "_ZnwmSt11align_val_t", __builtin_return_address(0), size, alignment);
    if (block == nullptr) {
        has_runtime() ? _ZSt17__throw_bad_allocv() : std::abort();
    }
    return block;
}

/* As the standard has it, the nothrow kinds swallow what a handler throws. */
__attribute__((noinline)) void *retry_nothrow(family of, std::size_t size, std::size_t alignment) noexcept {
    if (!has_runtime()) {
        return take_by_library("_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_tRKSt9nothrow_t", __builtin_return_address(0),
                               size, alignment, std::nothrow_t{});
    }
    try {
        return retry(of, size, alignment);
    } catch (...) {
        return nullptr;
    }
}

inline void *allocate(family of, std::size_t size, std::size_t alignment) {
    void *block = take(of, size, alignment);
    return block != nullptr ? block : retry_or_throw(of, size, alignment);
}
inline void *allocate_nothrow(family of, std::size_t size) noexcept {
    void *block = take(of, size);
    return __builtin_expect(block != nullptr, 1) ? block : retry_nothrow(of, size, PLAIN);
}
inline void *allocate_nothrow(family of, std::size_t size, std::align_val_t alignment) noexcept {
    void *block = take(of, size, static_cast<std::size_t>(alignment));
    return block != nullptr ? block : retry_nothrow(of, size, static_cast<std::size_t>(alignment));
}

/* The program's operators. */
using plain_operator = void *(std::size_t size);
using aligned_operator = void *(std::size_t size, std::align_val_t alignment);

template <typename Operator> Operator *replaced_by(cn_operator which) {
    return reinterpret_cast<Operator *>(cn_replaced_by(which));
}

/* Calls one for a nothrow kind, which swallows what it throws. */
template <typename Operator, typename... Request>
__attribute__((noinline)) void *call_nothrow(Operator *theirs, Request... request) noexcept {
    try {
        return theirs(request...);
    } catch (...) {
        return nullptr;
    }
}

inline void *new_nothrow(family of, cn_operator which, std::size_t size) noexcept {
    auto *theirs = replaced_by<plain_operator>(which);
    return theirs != nullptr ? call_nothrow(theirs, size) : allocate_nothrow(of, size);
}
inline void *new_nothrow(family of, cn_operator which, std::size_t size, std::align_val_t alignment) noexcept {
    auto *theirs = replaced_by<aligned_operator>(which);
    return theirs != nullptr ? call_nothrow(theirs, size, alignment) : allocate_nothrow(of, size, alignment);
}

} // namespace

void *cn_operator_new_slow(std::size_t size, cn_asked asked) {
    const auto of = static_cast<family>(asked);
    void *block = CAIRN_DEBUG != 0 ? nullptr : take(of, size); /* the debug form has tried already */
    return block != nullptr ? block : retry_or_throw(of, size, PLAIN);
}

void *cn_operator_new_aligned(std::size_t size, std::align_val_t alignment) {
    return allocate(OBJECT, size, static_cast<std::size_t>(alignment));
}
void *cn_operator_new_array_aligned(std::size_t size, std::align_val_t alignment) {
    auto *theirs = replaced_by<aligned_operator>(CN_OPERATOR_NEW_ALIGNED);
    return theirs != nullptr ? theirs(size, alignment) : allocate(ARRAY, size, static_cast<std::size_t>(alignment));
}

EXPORT void *operator new(std::size_t size, std::align_val_t alignment)
    __attribute__((alias("cn_operator_new_aligned")));
EXPORT void *operator new[](std::size_t size, std::align_val_t alignment)
    __attribute__((alias("cn_operator_new_array_aligned")));

EXPORT void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
    return new_nothrow(OBJECT, CN_OPERATOR_NEW, size);
}
EXPORT void *operator new[](std::size_t size, const std::nothrow_t &) noexcept {
    return new_nothrow(ARRAY, CN_OPERATOR_NEW_ARRAY, size);
}
EXPORT void *operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t &) noexcept {
    return new_nothrow(OBJECT, CN_OPERATOR_NEW_ALIGNED, size, alignment);
}
EXPORT void *operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t &) noexcept {
    return new_nothrow(ARRAY, CN_OPERATOR_NEW_ARRAY_ALIGNED, size, alignment);
}
