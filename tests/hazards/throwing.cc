// throwing.cc: a library in C++ that asks for more than there is, each way, and handles it. The program that loads it is
// in C, so that nobody had the C++ library before.
#include <cstdint>
#include <cstdio>
#include <new>
#include <vector>

namespace {

int handler_calls;

void give_up() {
    handler_calls++;
    std::set_new_handler(nullptr);
}

void refuse() { throw std::bad_alloc(); }

struct alignas(256) wide {
    char bytes[256];
};

void *volatile last; // so that the compiler cannot do without the block

template <typename Take> bool throws(Take take) {
    const int before = handler_calls;
    std::set_new_handler(give_up);
    try {
        take();
    } catch (const std::bad_alloc &) {
        return handler_calls == before + 1;
    }
    return false;
}

} // namespace

extern "C" int ask_for_too_much(std::size_t bytes) {
    bool is_good = throws([=] { std::vector<char> all(bytes); });
    is_good = throws([=] { last = new char[bytes]; }) && is_good;
    is_good = throws([=] { last = ::operator new(bytes); }) && is_good;
    is_good = throws([=] { last = new wide[bytes / sizeof(wide)]; }) && is_good;
    std::set_new_handler(give_up);
    is_good = (last = new (std::nothrow) char[bytes]) == nullptr && is_good;
    std::set_new_handler(refuse); // what it throws is not to come out of a nothrow kind
    is_good = (last = new (std::nothrow) char[bytes]) == nullptr && is_good;
    is_good = (last = new (std::nothrow) wide[bytes / sizeof(wide)]) == nullptr && is_good;
    std::set_new_handler(nullptr);
    std::vector<char> some(1000, 'x'); // and what there is, it has
    return is_good && some[999] == 'x' ? 0 : 1;
}
