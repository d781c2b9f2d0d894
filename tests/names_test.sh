#!/usr/bin/env bash
# Reports name functions, files and threads also where those are hard to come by: in a program that was started through
# the dynamic linker, in a library that was loaded by a relative path, in the 257th library, in the 4,095th thread.
# Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"
readonly libraries=270 threads=4100

build() {
    cat >"$scratch/library.c" <<'CODE'
#include <stdlib.h>
void release_twice(void) { void *block = malloc(48); free(block); free(block); }
CODE
    cat >"$scratch/program.c" <<'CODE'
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static void release_twice(void *block) { free(block); free(block); }
int main(int count, char **arguments) {
    if (count == 1) { release_twice(malloc(48)); }
    for (int i = 1; i < count; i++) {
        void *library = dlopen(arguments[i], RTLD_NOW);
        void (*run)(void) = library != NULL ? (void (*)(void))dlsym(library, "release_twice") : NULL;
        if (run == NULL || chdir("/") != 0) { return 1; }
        run();
    }
    return 0;
}
CODE
    cat >"$scratch/threads.c" <<'CODE'
#include <pthread.h>
#include <stdlib.h>
static void *block;
static void *take(void *unused) { free(block); block = malloc(48); return unused; }
int main(int count, char **arguments) {
    for (int i = 0; i < atoi(arguments[1]); i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, take, NULL) != 0) { return 1; }
        pthread_join(thread, NULL);
    }
    free(block);
    free(block);
    return 0;
}
CODE
    local flags=(-g -O0 -w)
    "${CC:-cc}" "${flags[@]}" -shared -fPIC -o "$scratch/library.so" "$scratch/library.c" &&
        "${CC:-cc}" "${flags[@]}" -o "$scratch/program" "$scratch/program.c" -ldl &&
        "${CC:-cc}" "${flags[@]}" -o "$scratch/threads" "$scratch/threads.c" -lpthread
}

# names TEXT STATUS OPTIONS COMMAND...: the report has the words.
names() {
    local words=$1
    shift
    said "$@" >"$scratch/report" && grep -qF "$words" "$scratch/report"
    local status=$?
    [ "$status" -eq 0 ] || tail -n 40 "$scratch/report"
    return "$status"
}

through_the_dynamic_linker() {
    local linker
    linker=$(readelf -p .interp "$scratch/program" | sed -n 's|^[^/]*\(/.*\)$|\1|p')
    names "in release_twice $scratch/program.c:4 ($scratch/program+0x" 134 "" "$linker" "$scratch/program"
}

by_a_relative_path() {
    cd "$scratch" && names "in release_twice $scratch/library.c:2 ($scratch/library.so+0x" 134 "" ./program ./library.so
}

in_the_last_of_many_libraries() {
    local files=()
    for ((i = 1; i <= libraries; i++)); do
        cp "$scratch/library.so" "$scratch/library_$i.so"
        files+=("$scratch/library_$i.so")
    done
    names "$scratch/library_$libraries.so+0x" 0 halt_on_error=0 "$scratch/program" "${files[@]}"
}

if [ "$CAIRN_FORM" = release ]; then
    tap_skip "reports have names" "the release form's reports have no stacks"
elif ! build; then
    tap_result 1 "the programs build"
else
    tap_run "functions of a program that the dynamic linker was told to start" through_the_dynamic_linker
    tap_run "those of a library that was loaded by a relative path" by_a_relative_path
    tap_run "the file at least of one of more libraries than are read" in_the_last_of_many_libraries
    tap_run "the thread, as far as they are counted" names "allocated by thread 4095 or a later one here:" 134 "" \
        "$scratch/threads" "$threads"
    tap_run "the thread before that" names "allocated by thread 4094 here:" 134 "" "$scratch/threads" 4093
fi
tap_end
