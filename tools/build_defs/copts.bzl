"""The compiler options of the tree, each list written once."""

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-Wcast-qual",
    "-Wvla",
    "-Werror",
]

# Every C file of the tree: the core, the tests, the tools.
STRICT_COPTS = ["-std=c11"] + _WARNINGS + [
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-g",
]

STRICT_CXXOPTS = ["-std=c++17"] + _WARNINGS + ["-g"]

# C++ files that must not need the C++ library.
FREESTANDING_CXXOPTS = STRICT_CXXOPTS + [
    "-fno-rtti",
]

# The compiler knows these functions and may put a call of one in place of code that does the same. In the allocator
# itself that would be a call of itself.
_NO_BUILTINS = [
    "-fno-builtin-" + name
    for name in [
        "malloc",
        "calloc",
        "realloc",
        "reallocarray",
        "free",
        "aligned_alloc",
        "posix_memalign",
        "memalign",
        "valloc",
        "pvalloc",
    ]
]

# The allocator: optimised also where the rest of the build is not, fit for a shared library, nothing exported that
# does not ask for it, and thread-local storage that needs no call (and so no allocation) to be reached.
ALLOCATOR_COPTS = _NO_BUILTINS + [
    "-fPIC",
    "-fvisibility=hidden",
    "-ftls-model=initial-exec",
] + select({
    "//tools/build_defs:dbg": [],
    "//conditions:default": ["-O2"],
})

# The shared libraries.
SHARED_LINKOPTS = [
    "-Wl,--as-needed",
    "-Wl,--exclude-libs,ALL",
    "-Wl,-Bsymbolic-functions",
    "-Wl,-z,nodelete",  # its TLS destructor and fork handler outlive a dlclose
    "-Wl,-z,defs",
    "-Wl,-z,now",
    "-Wl,-z,relro",
]
