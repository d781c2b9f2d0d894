/*
 * new_delete.cc: the operators new and delete, all twenty, on the public header alone.
 *
 * Nothing here needs the C++ runtime where the program has none: what it takes to call the new-handler, to throw
 * std::bad_alloc and to catch is found through weak references, and a process without them is stopped instead.
 */
#include <cstddef>
#include <cstdlib>
#include <new>

#include "cairn.h"

#define EXPORT __attribute__((visibility("default")))

/* What the compiler refers to for catch. */
__asm__(".weak __gxx_personality_v0, __cxa_begin_catch, __cxa_end_catch, _Unwind_Resume");

/* std::get_new_handler() and std::__throw_bad_alloc(), by their linked names. */
extern "C" std::new_handler _ZSt15get_new_handlerv() noexcept __attribute__((weak));
extern "C" [[noreturn]] void _ZSt17__throw_bad_allocv() __attribute__((weak));

namespace {

/* Calls the new-handler, if there is one. */
bool call_handler() {
    std::new_handler handler = _ZSt15get_new_handlerv != nullptr ? _ZSt15get_new_handlerv() : nullptr;
    if (handler == nullptr) {
        return false;
    }
    handler();
    return true;
}

[[noreturn]] void throw_bad_alloc() {
    if (_ZSt17__throw_bad_allocv != nullptr) {
        _ZSt17__throw_bad_allocv();
    }
    std::abort();
}

__attribute__((noinline)) void *retry(std::size_t size, std::size_t alignment) {
    void *block = nullptr;
    while (block == nullptr && call_handler()) {
        block = cairn_aligned_alloc(alignment, size);
    }
    return block;
}

__attribute__((noinline)) void *retry_or_throw(std::size_t size, std::size_t alignment) {
    void *block = retry(size, alignment);
    if (block == nullptr) {
        throw_bad_alloc();
    }
    return block;
}

/* As the standard has it, the nothrow kinds swallow what a handler throws. */
__attribute__((noinline)) void *retry_nothrow(std::size_t size, std::size_t alignment) noexcept {
    try {
        return retry(size, alignment);
    } catch (...) {
        return nullptr;
    }
}

constexpr std::size_t PLAIN = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

inline void *allocate(std::size_t size) {
    void *block = cairn_malloc(size);
    return __builtin_expect(block != nullptr, 1) ? block : retry_or_throw(size, PLAIN);
}
inline void *allocate(std::size_t size, std::align_val_t alignment) {
    void *block = cairn_aligned_alloc(static_cast<std::size_t>(alignment), size);
    return block != nullptr ? block : retry_or_throw(size, static_cast<std::size_t>(alignment));
}
inline void *allocate_nothrow(std::size_t size) noexcept {
    void *block = cairn_malloc(size);
    return __builtin_expect(block != nullptr, 1) ? block : retry_nothrow(size, PLAIN);
}
inline void *allocate_nothrow(std::size_t size, std::align_val_t alignment) noexcept {
    void *block = cairn_aligned_alloc(static_cast<std::size_t>(alignment), size);
    return block != nullptr ? block : retry_nothrow(size, static_cast<std::size_t>(alignment));
}

inline void release(void *block, std::size_t size, std::align_val_t alignment) {
    cairn_free_aligned_sized(block, static_cast<std::size_t>(alignment), size);
}

} // namespace

EXPORT void *operator new(std::size_t size) { return allocate(size); }
EXPORT void *operator new[](std::size_t size) { return allocate(size); }
EXPORT void *operator new(std::size_t size, const std::nothrow_t &) noexcept { return allocate_nothrow(size); }
EXPORT void *operator new[](std::size_t size, const std::nothrow_t &) noexcept { return allocate_nothrow(size); }
EXPORT void *operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
EXPORT void *operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
EXPORT void *operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t &) noexcept {
    return allocate_nothrow(size, alignment);
}
EXPORT void *operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t &) noexcept {
    return allocate_nothrow(size, alignment);
}

EXPORT void operator delete(void *block) noexcept { cairn_free(block); }
EXPORT void operator delete[](void *block) noexcept { cairn_free(block); }
EXPORT void operator delete(void *block, const std::nothrow_t &) noexcept { cairn_free(block); }
EXPORT void operator delete[](void *block, const std::nothrow_t &) noexcept { cairn_free(block); }
EXPORT void operator delete(void *block, std::size_t size) noexcept { cairn_free_sized(block, size); }
EXPORT void operator delete[](void *block, std::size_t size) noexcept { cairn_free_sized(block, size); }
EXPORT void operator delete(void *block, std::align_val_t) noexcept { cairn_free(block); }
EXPORT void operator delete[](void *block, std::align_val_t) noexcept { cairn_free(block); }
EXPORT void operator delete(void *block, std::align_val_t, const std::nothrow_t &) noexcept { cairn_free(block); }
EXPORT void operator delete[](void *block, std::align_val_t, const std::nothrow_t &) noexcept { cairn_free(block); }
EXPORT void operator delete(void *block, std::size_t size, std::align_val_t alignment) noexcept {
    release(block, size, alignment);
}
EXPORT void operator delete[](void *block, std::size_t size, std::align_val_t alignment) noexcept {
    release(block, size, alignment);
}
