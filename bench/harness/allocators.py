"""The allocators that are compared: the peers that Debian packages, Cairn, and any others given as NAME=path.so."""

import glob
import os
import platform
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, "out", "bench")
SCUDO = "libclang_rt.scudo_standalone-%s.so" % platform.machine()

# Name, shared object, Debian package. glibc is what a program gets without a preload.
PEERS = [
    ("glibc", None, "libc6"),
    ("mimalloc", "libmimalloc.so.2", "libmimalloc2.0"),
    ("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    ("scudo", SCUDO, "libclang-rt-19-dev"),
]

LIBRARY_FOLDERS = (
    "/usr/lib/*-linux-gnu",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/llvm-19/lib/clang/*/lib/linux",
)

# Variables that change what an allocator does; a comparison starts without them.
TUNING_PREFIXES = (
    "LD_",
    "MALLOC_",
    "MIMALLOC_",
    "TCMALLOC_",
    "SCUDO_",
    "JEMALLOC_",
    "CAIRN_",
    "GLIBC_TUNABLES",
    "PYTHONMALLOC",
)


class Problem(Exception):
    """Something the user can put right; the message says how."""


class Allocator:
    def __init__(self, name, path, version):
        self.name = name
        self.path = path  # of the shared object; None: no preload
        self.version = version

    @property
    def is_peer(self):
        """Whether Cairn is to be as fast as this one. Builds of Cairn itself, cairn-something, are no peers."""
        return not self.name.startswith("cairn")

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(TUNING_PREFIXES)}
        if self.path is not None:
            kept["LD_PRELOAD"] = self.path
        return kept

    def preload(self):
        """What to preload into a program that may come with an allocator of its own: the C library, too, has to be
        said there."""
        return self.path or c_library()

    def serves(self, origin):
        """Whether malloc that comes from the file `origin` is this allocator's."""
        if self.path is None:
            return os.path.basename(origin).startswith("libc.so")
        return os.path.realpath(origin) == os.path.realpath(self.path)

    def described(self):
        return {"name": self.name, "version": self.version, "is_peer": self.is_peer}


def c_library():
    """The path of the C library that this program runs on."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        found = re.search(r"(/\S*/libc\.so\.\S+)", maps.read())
    if found is None:
        raise Problem("this Python does not run on a shared C library")
    return found.group(1)


def package_version(package):
    query = ["dpkg-query", "-W", "-f", "${Version}", package]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout or "?"
    except (OSError, subprocess.CalledProcessError):
        return "?"


def library_find(soname):
    for folder in LIBRARY_FOLDERS:
        for path in sorted(glob.glob(os.path.join(folder, soname))):
            return path
    return None


def peers_install(say):
    """Has tools/setup install what is missing, where that is possible; else it names what is missing."""
    done = subprocess.run(
        [os.path.join(ROOT, "tools", "setup"), "bench"], stderr=subprocess.PIPE, text=True, check=False
    )
    if done.stderr:
        say(done.stderr.strip())
    missing = [name for name, soname, _ in PEERS if soname is not None and library_find(soname) is None]
    if missing:
        say("left out, as not installed: " + ", ".join(missing))


def cairn_path(given):
    """Cairn's library: the one given, else the one that Bazel builds from this tree."""
    if given is not None:
        if not os.path.isfile(given):
            raise Problem("there is no library at %s" % given)
        return os.path.abspath(given)
    if shutil.which("bazel") is not None:
        done = subprocess.run(["bazel", "build", "//:libcairn.so"], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise Problem("bazel build //:libcairn.so failed:\n%s" % done.stderr[-3000:])
    built = os.path.join(ROOT, "bazel-bin", "libcairn.so")
    if not os.path.isfile(built):
        raise Problem(
            "Cairn is not built: run tools/setup once, then bazel build //:libcairn.so,\n"
            "or name the library with --cairn PATH, or compare the others with --no-cairn"
        )
    return built


def library_kept(path, name):
    """A copy of the library as `name` beside the programs: the next build overwrites what Bazel leaves."""
    kept = os.path.join(BUILT, name)
    os.makedirs(BUILT, exist_ok=True)
    if os.path.exists(kept):
        os.remove(kept)
    shutil.copy(path, kept)
    return kept


def built_library(options, target, name):
    """Builds a shared library and keeps it as `name`."""
    done = subprocess.run(["bazel", "build"] + options + ["//:" + target], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Problem("bazel build %s //:%s failed:\n%s" % (" ".join(options), target, done.stderr[-3000:]))
    return library_kept(os.path.join(ROOT, "bazel-bin", target), name)


def tree_version():
    """The version that this tree says it is, and its commit, with a + where files have changed since."""
    with open(os.path.join(ROOT, "alloc", "cairn.h"), encoding="utf-8") as header:
        version = re.search(r'CAIRN_VERSION "([^"]+)"', header.read()).group(1)
    describe = ["git", "-c", "safe.directory=" + ROOT, "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        commit = subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version
    return "%s-%s" % (version, commit)


def named_allocator(text):
    name, _, path = text.partition("=")
    if not name or not os.path.isfile(path):
        raise Problem("'%s' is not NAME=path.so with a file that is there" % text)
    return Allocator(name, os.path.abspath(path), "given by path")


def allocators_of(settings, say):
    """The peers that are there, then those given by path, then Cairn."""
    if settings.install:
        peers_install(say)
    wanted = settings.peers.split(",") if settings.peers is not None else [name for name, _, _ in PEERS]
    unknown = set(wanted) - {name for name, _, _ in PEERS} - {""}
    if unknown:
        raise Problem("no such peer: %s (there are %s)" % (", ".join(sorted(unknown)), ", ".join(p[0] for p in PEERS)))
    found = []
    for name, soname, package in PEERS:
        path = library_find(soname) if soname is not None else None
        if name in wanted and (soname is None or path is not None):
            found.append(Allocator(name, path, package_version(package)))
    found += [named_allocator(text) for text in settings.others]
    if settings.with_cairn:
        found.append(
            Allocator("cairn", cairn_path(settings.cairn), "given by path" if settings.cairn else tree_version())
        )
    if not found:
        raise Problem("there is no allocator to measure")
    names = [allocator.name for allocator in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Problem("two allocators have the name %s: give one another, or leave one out by --peers or --no-cairn" % twice[0])
    return found
