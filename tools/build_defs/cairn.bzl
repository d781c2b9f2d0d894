"""The macros that BUILD files of this tree are written in.

Everything that holds allocator code is built in two forms from the same sources. A target `x` is the release form and
its twin `x_debug` the debug form; the forms differ in one definition, CAIRN_FORM_DEBUG. `deps` name targets that have
both forms, always by their release label (`:pool`, `//alloc:pool`); what has no form goes into `plain_deps`.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load(":copts.bzl", "ALLOCATOR_COPTS", "FREESTANDING_CXXOPTS", "SHARED_LINKOPTS", "STRICT_COPTS", "STRICT_CXXOPTS")

# What a form is: the suffix of its targets, and the definition that it is compiled with.
FORM_DEFINITIONS = {
    "": "CAIRN_FORM_DEBUG=0",
    "_debug": "CAIRN_FORM_DEBUG=1",
}

# The form of a module; `--define checks=off` is an experiment (alloc/form.h).
def _module_definition(form):
    return [FORM_DEFINITIONS[form]] if form else select({
        "//tools/build_defs:unchecked": ["CAIRN_FORM_DEBUG=2"],
        "//conditions:default": [FORM_DEFINITIONS[form]],
    })

# What the debug form alone is linked with.
_DEBUG_ONLY = "//debug"

# Functions of a shared library that its own references do not bind to when it is linked; see alloc/replaced.h.
_REPLACEABLE = "//tools/build_defs:replaceable.list"

# What any test may include besides the modules it names.
_TEST_DEPS = ["//alloc:api"]
_TEST_FORM_DEPS = ["//alloc:form"]

_TEST_LINKOPTS = [
    "-lcmocka",
    "-lpthread",
    "-ldl",
]

_SHARED_LIBRARY = {
    "": "//:libcairn.so",
    "_debug": "//:libcairn-debug.so",
}

def in_form(labels, form):
    """Says which targets stand for modules that have both forms.

    Args:
      labels: the modules, by their release label.
      form: "" (release) or "_debug".

    Returns:
      Their labels in that form.
    """
    for label in labels:
        if ":" not in label:
            fail("%s: write the label with its colon, the form's suffix is added to it" % label)
    return [label + form for label in labels]

def _sources(name, hdrs, srcs, extension):
    if hdrs == None:
        hdrs = native.glob([name + ".h"], allow_empty = True)
    if srcs == None:
        srcs = native.glob([name + extension], allow_empty = True)
    if not hdrs and not srcs:
        fail("module %s: there is neither %s.h nor %s%s" % (name, name, name, extension))
    return hdrs, srcs

def _module(name, form, suffix, hdrs, srcs, copts, deps, plain_deps, **kwargs):
    cc_library(
        name = name + suffix,
        srcs = srcs,
        hdrs = hdrs,
        # Entry points lie in several modules and nothing need refer to them: whoever links a module gets all of it.
        alwayslink = True,
        copts = copts + ALLOCATOR_COPTS,
        linkstatic = True,
        local_defines = _module_definition(form),
        deps = in_form(deps, form) + plain_deps,
        **kwargs
    )

def cairn_module(name, hdrs = None, srcs = None, deps = [], plain_deps = [], **kwargs):
    """A module of the allocator, in both forms.

    Args:
      name: the module; `<name>` and `<name>_debug` are the targets.
      hdrs: headers; `<name>.h` where there is one unless given.
      srcs: C sources; `<name>.c` where there is one unless given.
      deps: modules of a lower layer.
      plain_deps: libraries without a form.
      **kwargs: passed to cc_library.
    """
    hdrs, srcs = _sources(name, hdrs, srcs, ".c")
    for form in FORM_DEFINITIONS:
        _module(name, form, form, hdrs, srcs, STRICT_COPTS, deps, plain_deps, **kwargs)

def cairn_cxx_module(name, hdrs = None, srcs = None, deps = [], plain_deps = [], **kwargs):
    """As cairn_module, of C++ sources (`<name>.cc`) that do not need the C++ library."""
    hdrs, srcs = _sources(name, hdrs, srcs, ".cc")
    for form in FORM_DEFINITIONS:
        _module(name, form, form, hdrs, srcs, FREESTANDING_CXXOPTS, deps, plain_deps, **kwargs)

def cairn_debug_module(name, hdrs = None, srcs = None, deps = [], plain_deps = [], **kwargs):
    """A module that the debug form alone has; its one target is `<name>`. `deps` are linked in their debug form."""
    hdrs, srcs = _sources(name, hdrs, srcs, ".c")
    _module(name, "_debug", "", hdrs, srcs, STRICT_COPTS, deps, plain_deps, **kwargs)

def cairn_shared_library(name, form, deps, plain_deps = []):
    """A shared library for LD_PRELOAD.

    Args:
      name: the file, as lib<something>.so.
      form: "" (release) or "_debug".
      deps: modules, by their release label.
      plain_deps: libraries without a form.
    """
    cc_binary(
        name = name,
        additional_linker_inputs = [_REPLACEABLE],
        linkopts = SHARED_LINKOPTS + [
            "-Wl,-soname," + name,
            "-Wl,--dynamic-list=$(location %s)" % _REPLACEABLE,
        ],
        linkshared = True,
        tags = ["preload"],
        visibility = ["//visibility:public"],
        deps = in_form(deps, form) + plain_deps + debug_only(form),
    )

def debug_only(form):
    """Says what a program is linked with besides the modules that it names.

    Args:
      form: "" (release) or "_debug".

    Returns:
      Labels.
    """
    return [_DEBUG_ONLY] if form == "_debug" else []

def _strict_copts(srcs):
    """The options for tests and programs, whose sources are all of one language."""
    return STRICT_CXXOPTS if srcs[0].endswith(".cc") else STRICT_COPTS

def _test(name, form, deps, srcs, plain_deps, malloc, linkopts = [], tags = [], **kwargs):
    """One form of a cmocka test."""
    if malloc:
        # dlsym finds the names of the drop-in in the program as it would in the shared library.
        linkopts = linkopts + ["-rdynamic"]
        tags = tags + ["preload"]
        kwargs["malloc"] = malloc + form
    cc_test(
        name = name + form,
        srcs = srcs,
        copts = _strict_copts(srcs),
        linkopts = linkopts + _TEST_LINKOPTS,
        linkstatic = True,
        local_defines = [FORM_DEFINITIONS[form]],
        tags = tags,
        deps = in_form(deps + [label for label in _TEST_FORM_DEPS if label not in deps], form) + _TEST_DEPS + plain_deps +
               debug_only(form),
        **kwargs
    )

def cairn_test(name, deps = [], srcs = None, plain_deps = [], malloc = None, **kwargs):
    """A cmocka test, built and run against both forms as `<name>` and `<name>_debug`.

    Args:
      name: the test; its source is `<name>.c` unless srcs says otherwise.
      deps: the modules it tests, by their release label.
      srcs: sources and headers of the test's own.
      plain_deps: libraries without a form.
      malloc: `//:malloc` where the test's own malloc, and all that the C library allocates, is to be Cairn's.
      **kwargs: passed to cc_test.
    """
    for form in FORM_DEFINITIONS:
        _test(name, form, deps, srcs or [name + ".c"], plain_deps, malloc, **kwargs)

def cairn_debug_test(name, deps = [], srcs = None, plain_deps = [], malloc = None, **kwargs):
    """A cmocka test of what the debug form alone has, built and run as `<name>_debug`.

    Args:
      name: the test; its source is `<name>.c` unless srcs says otherwise.
      deps: the core's modules that it opens, by their release label.
      srcs: sources and headers of the test's own.
      plain_deps: libraries without a form, and the debug form's modules that it opens.
      malloc: as for cairn_test.
      **kwargs: passed to cc_test.
    """
    _test(name, "_debug", deps, srcs or [name + ".c"], plain_deps, malloc, **kwargs)

def cairn_dropin_test(name, srcs = None, plain_deps = [], tags = [], **kwargs):
    """A cmocka test of the C library's allocation functions that asks for nothing of Cairn's at build.

    It runs on the C library as it is (`<name>_glibc`), which shows that what it expects is right, linked with the
    drop-in (`<name>`, `<name>_debug`), and on the preload (`<name>_preload`, `<name>_preload_debug`).

    Args:
      name: the test; its source is `<name>.c` unless srcs says otherwise.
      srcs: sources and headers of the test's own.
      plain_deps: libraries without a form.
      tags: the tag `preload` is added; sanitizer configurations leave such tests out.
      **kwargs: passed to cc_test and sh_test.
    """
    srcs = srcs or [name + ".c"]
    program = name + "_glibc"
    cc_test(
        name = program,
        srcs = srcs,
        copts = _strict_copts(srcs),
        linkopts = _TEST_LINKOPTS,
        linkstatic = True,
        tags = tags + ["preload"],
        deps = plain_deps,
        **kwargs
    )
    cairn_test(
        name = name,
        srcs = srcs,
        linkopts = ["-rdynamic"],  # some names are looked up by dlsym
        malloc = "//:malloc",
        plain_deps = plain_deps,
        tags = tags,
        **kwargs
    )
    cairn_preload_test(
        name = name + "_preload",
        srcs = ["//tools/build_defs:preload.sh"],
        args = ["$(rootpath :%s)" % program],
        data = [":" + program],
        tags = tags,
        **kwargs
    )

def cairn_program(name, srcs = None, copts = [], **kwargs):
    """A small C or C++ program with its own main that knows nothing of Cairn, to be run on the preload."""
    srcs = srcs or [name + ".c"]
    cc_binary(
        name = name,
        testonly = True,
        srcs = srcs,
        # A test program calls malloc for the call's sake; the compiler must not see through it.
        copts = _strict_copts(srcs) + ["-fno-builtin"] + copts,
        **kwargs
    )

def cairn_preload_test(name, srcs = None, data = [], tags = [], **kwargs):
    """A shell test that speaks TAP, run as `<name>` and `<name>_debug` with each form of the shared library.

    The script finds the library in $CAIRN_LIBRARY and the form's name, release or debug, in $CAIRN_FORM.

    Args:
      name: the test; its script is `<name>.sh` unless srcs says otherwise.
      srcs: the script.
      data: what the script needs.
      tags: the tag `preload` is added; sanitizer configurations leave such tests out.
      **kwargs: passed to sh_test.
    """
    for form, library in _SHARED_LIBRARY.items():
        sh_test(
            name = name + form,
            srcs = srcs or [name + ".sh"],
            data = data + [library],
            env = {
                "CAIRN_FORM": form.lstrip("_") or "release",
                "CAIRN_LIBRARY": "$(rootpath %s)" % library,
            },
            tags = tags + ["preload"],
            **kwargs
        )
