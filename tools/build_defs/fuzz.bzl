"""The macro for fuzzers, with the target names of rules_fuzzing. fuzz/README.md tells how they are used."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")
load("@rules_shell//shell:sh_binary.bzl", "sh_binary")
load(":cairn.bzl", "FORM_DEFINITIONS", "debug_only", "in_form")
load(":copts.bzl", "STRICT_COPTS")

_HARNESS_DEPS = [
    "//alloc:api",
    "//fuzz:announce",
    "//fuzz:support",
]

# AFL++'s compiler takes -fsanitize=fuzzer for its driver, but not where Bazel passes it in a file.
_NO_ENGINE = "a fuzzer needs a configuration, such as --config=asan-libfuzzer; fuzz/README.md has them all"

_ENGINE_LINKOPTS = select(
    {
        "//tools/build_defs:afl": [
            "-L/usr/lib/afl",
            "-l:libAFLDriver.a",
        ],
        "//tools/build_defs:libfuzzer": ["-fsanitize=fuzzer"],
    },
    no_match_error = _NO_ENGINE,
)

_ENGINE_ARGS = select(
    {
        "//tools/build_defs:afl": ["--engine=afl"],
        "//tools/build_defs:libfuzzer": ["--engine=libfuzzer"],
    },
    no_match_error = _NO_ENGINE,
)

def _seeds(unit):
    return native.glob(
        [
            "corpora/%s/*" % unit,
            "crashes/%s/*" % unit,
        ],
        allow_empty = True,
        exclude = ["crashes/%s/*.txt" % unit],  # what tools/fuzz says of the input beside it
    )

def _settings(name):
    return native.glob(
        [
            name + ".dict",
            name + ".options",
        ],
        allow_empty = True,
    )

def cairn_fuzz_test(name, srcs = None, deps = [], plain_deps = [], forms = ["", "_debug"], tags = [], **kwargs):
    """A fuzz target `X_fuzz`, in both forms, as these targets:

      X_fuzz, X_fuzz_debug           a test: replays corpora/X and crashes/X; needs no fuzzer and no clang
      X_fuzz_bin, X_fuzz_bin_debug   the fuzzer itself, for --config=asan-libfuzzer and its like, or --config=afl
      X_fuzz_run, X_fuzz_run_debug   runs that: bazel run --config=asan-libfuzzer //fuzz:X_fuzz_run -- --timeout_secs=60

    Args:
      name: the target, which ends in _fuzz.
      srcs: the harness; `<name>.c` unless given. `<name>.dict` and `<name>.options` are used where they are there.
      deps: modules with both forms, by their release label.
      plain_deps: libraries without a form.
      forms: "" (release), "_debug", or both; the targets of a form that is not named are not there.
      tags: as no-tsan, for sanitizers with which it cannot be run.
      **kwargs: passed to the replay, cc_test.
    """
    if not name.endswith("_fuzz"):
        fail("%s: the name of a fuzz target ends in _fuzz" % name)
    unit = name[:-len("_fuzz")]
    linkopts = kwargs.pop("linkopts", []) + ["-lpthread"]
    for form in forms:
        common = {
            "copts": STRICT_COPTS,
            "linkstatic": True,
            "local_defines": [FORM_DEFINITIONS[form]],
            "srcs": srcs or [name + ".c"],
        }
        all_deps = in_form(deps, form) + _HARNESS_DEPS + plain_deps + debug_only(form)
        cc_test(
            name = name + form,
            args = ["%s/%s/%s" % (native.package_name(), folder, unit) for folder in ["corpora", "crashes"]],
            data = _seeds(unit),
            linkopts = linkopts,
            tags = tags,
            deps = all_deps + ["//fuzz:replay_main"],
            **dict(common, **kwargs)
        )
        cc_binary(
            name = name + "_bin" + form,
            testonly = True,
            linkopts = linkopts + _ENGINE_LINKOPTS,
            tags = tags + ["manual"],
            deps = all_deps,
            **common
        )
        sh_binary(
            name = name + "_run" + form,
            testonly = True,
            srcs = ["//tools/build_defs:fuzz_run.py"],
            args = _ENGINE_ARGS + ["$(rootpath :%s)" % (name + "_bin" + form)],
            data = [":" + name + "_bin" + form] + _settings(name),
            tags = ["manual"],
        )
