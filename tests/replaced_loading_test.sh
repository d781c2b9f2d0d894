#!/usr/bin/env bash
# Whose operators new and delete are called, by how programs and libraries are linked and loaded. Prints TAP.
#   CAIRN_LIBRARY  the shared library
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"

# Operators whose blocks nobody else can free; `calls` counts those that were.
cat >"$scratch/operators.cc" <<'CODE'
#include <cstdlib>
#include <new>
int calls;
void *operator new(std::size_t size) { calls++; return static_cast<char *>(std::malloc(size + 16)) + 16; }
void operator delete(void *block) noexcept { calls++; std::free(static_cast<char *>(block) - 16); }
CODE
cat >"$scratch/use.h" <<'CODE'
#include <new>
#include <string>
inline void use() {
    delete new int(1);
    delete[] new int[3];
    delete[] new std::string[3];
    ::operator delete(::operator new(40, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](40, std::nothrow), std::nothrow);
}
CODE
cat >"$scratch/program.cc" <<'CODE'
#include "use.h"
extern int calls;
int main() {
    calls = 0;
    use();
    return calls == 10 ? 0 : 3;
}
CODE
# It is initialised before all others, Cairn's library too.
cat >"$scratch/early.cc" <<'CODE'
#include "use.h"
__attribute__((constructor)) static void start() { use(); }
CODE
# Where this is not position-independent, the address of delete is that of a jump in the program.
cat >"$scratch/address.cc" <<'CODE'
#include "use.h"
int main() {
    void (*volatile release)(void *) = ::operator delete;
    use();
    release(::operator new(40));
    return 0;
}
CODE

# compile PROGRAM SOURCE... OPTION...
compile() {
    "${CXX:-c++}" -std=c++17 -fsized-deallocation -O0 -fno-builtin -w -I"$scratch" -o "$scratch/$1" "${@:2}"
}

linked=("$LIB" "-Wl,-rpath,$(dirname "$LIB")")
cd "$scratch" || exit 2

by_preload() { compile preloaded program.cc operators.cc && said 0 '' ./preloaded; }
linked_with_cairn() {
    compile linked program.cc operators.cc "${linked[@]}" && LIB='' said 0 '' ./linked &&
        compile fixed program.cc operators.cc -no-pie -fno-pie "${linked[@]}" && LIB='' said 0 '' ./fixed
}
of_a_library_before_cairn() {
    compile liboperators.so operators.cc -shared -fPIC &&
        compile behind program.cc "$scratch/liboperators.so" -Wl,-rpath,"$scratch" &&
        LIB="$scratch/liboperators.so $LIB" said 0 '' ./behind
}
before_cairn_is_initialised() {
    compile libearly.so early.cc -shared -fPIC -Wl,-z,initfirst &&
        compile early program.cc operators.cc -Wl,--no-as-needed "$scratch/libearly.so" -Wl,-rpath,"$scratch" &&
        said 0 '' ./early
}
a_jump_in_the_program() { compile address address.cc -no-pie -fno-pie && said 0 '' ./address; }

tap_run "operators of a program on the preload" by_preload
tap_run "operators of a program that is linked with Cairn" linked_with_cairn
tap_run "operators of a library that is loaded before Cairn" of_a_library_before_cairn
tap_run "operators that are called before Cairn is initialised" before_cairn_is_initialised
tap_run "Cairn's own where the address of one is that of a jump in the program" a_jump_in_the_program
tap_end
