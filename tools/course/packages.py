"""What each purpose needs, and how it comes onto a Debian or Ubuntu machine.

This table is the only place that names packages. A package counts as there when dpkg has it or when one
of its probes (a command, or a file) is found, so that a tool from elsewhere is as good."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

from . import console
from .errors import CourseError
from .text import TEXT

# Only generation 3 of Catch2 has this header.
CATCH2_3 = "/usr/include/catch2/catch_test_macros.hpp"

# purpose -> packages; each: name, or (name, probe, ...) where a probe is a command or an absolute path.
PURPOSES = {
    # compile and test the stages on this machine
    "base": [("g++", "g++"), ("cmake", "cmake"), ("ninja-build", "ninja"), ("ccache", "ccache"),
             ("libgtest-dev", "/usr/include/gtest/gtest.h"), ("googletest", "/usr/src/googletest/CMakeLists.txt"),
             ("catch2", "/usr/include/catch2/catch.hpp", CATCH2_3), ("libspdlog-dev", "/usr/include/spdlog/spdlog.h"),
             ("libfmt-dev", "/usr/include/fmt/format.h"), ("libcli11-dev", "/usr/include/CLI/CLI.hpp")],
    # history: carry, diff, translations
    "git": [("git", "git")],
    # cross build for Windows and run its tests
    "windows": [("g++-mingw-w64-x86-64-posix", "x86_64-w64-mingw32-g++-posix"), ("wine", "wine"),
                ("wine64", "/usr/lib/wine/wine64"), ("dpkg-dev", "dpkg-source")],
    # the second compiler for Windows
    "windows-clang": [("clang", "clang"), ("lld", "ld.lld")],
    "format": [("clang-format", "clang-format")],
    "tidy": [("clang-tidy", "clang-tidy")],
    # what a stage and those after it need besides
    "stage05": [("protobuf-compiler", "protoc"), ("libprotobuf-dev", "/usr/include/google/protobuf/message.h"),
                ("libutf8proc-dev", "/usr/include/utf8proc.h"),
                ("python3-jinja2", "/usr/lib/python3/dist-packages/jinja2"),
                ("python3-protobuf", "/usr/lib/python3/dist-packages/google/protobuf")],
    "stage07": [("libtomlplusplus-dev", "/usr/include/toml++/toml.h"), ("libsodium-dev", "/usr/include/sodium.h"),
                ("libhiredis-dev", "/usr/include/hiredis/hiredis.h"), "prometheus-cpp-dev", "libmaxminddb-dev",
                ("nlohmann-json3-dev", "/usr/include/nlohmann/json.hpp"),
                ("libsqlite3-dev", "/usr/include/sqlite3.h"), "libmariadb-dev"],
    # tools of the libraries that are cross-built from their sources
    "windows07": [("make", "make"), ("tcl", "tclsh"), ("autoconf", "autoreconf"), ("automake", "automake"),
                  ("libtool", "libtoolize")],
    # what the programs of stage 07 are run with (the tests too)
    "run07": [("redis-server", "redis-server")],
    # outside programs that the tests of stage 07 start privately, in `test --all` and `test --slow`
    # (mariadb-server-core is the program without the system's service)
    "outside07": [("mariadb-server-core", "mariadbd", "/usr/sbin/mariadbd"), ("mariadb-client-core", "mariadb"),
                  ("prometheus", "prometheus"), ("chromium", "chromium"), ("mmdb-bin", "mmdblookup")],
    # AddressSanitizer, ThreadSanitizer: Clang compiles them in half of GCC's time (llvm: names in their reports)
    "sanitizers": [("clang", "clang"), ("libclang-rt-dev", "libclang_rt"), ("llvm", "llvm-symbolizer")],
    # the tests of this command: it is held to work in a Korean locale that is not UTF-8, `grade` to hold off what students may
    # try, and the viewer of traces to rebuild what the port recorded
    "tools": [("locales", "/usr/share/i18n/locales/ko_KR"), ("bubblewrap", "bwrap"), ("nodejs", "node")],
    # ./course site; what it renders with comes from npm, in the versions of tools/site/package-lock.json
    "site": [("nodejs", "node"), ("npm", "npm")],
    # the peers of the bench (tools/bench)
    "bench": [("libboost-dev", "/usr/include/boost/asio.hpp"), ("libuv1-dev", "/usr/include/uv.h")],
    # ./course slides --pdf
    "slides": [("chromium", "chromium")],
    # libFuzzer targets (from stage 03)
    "fuzz": [("clang", "clang"), ("libclang-rt-dev", "libclang_rt")],
    # ./course bench goes on without it, and counts no system calls
    "bench-calls": [("strace", "strace")],
}
# Libraries that tools/windows-libs/build.sh cross-builds from their source packages, by the first stage that
# needs them (spdlog's recipe makes fmt, too).
WINDOWS_LIBRARIES = {"01": ["spdlog"], "05": ["protobuf", "utf8proc"], "07": ["sqlite", "libsodium"]}
# Packages whose name differs between releases: the first one that the release has.
ALTERNATIVES = {
    "libclang-rt-dev": ["libclang-rt-dev", "libclang-rt-14-dev", "libclang-common-14-dev"],
}


def for_stages(config, stages, run=False, outside=False):
    """The purposes of building these stages in this configuration; `run`: and running their programs;
    `outside`: and the tests with programs from outside."""
    cross = config in ("windows", "windows-clang")
    needed = ["base"] + ["windows"] * cross + ["windows-clang"] * (config == "windows-clang")
    needed += ["sanitizers"] * (config in ("asan", "tsan"))
    last = max((s.number for s in stages), default="")
    prefixes = ["stage"] + ["windows"] * cross + ["run"] * run + ["outside"] * outside
    for purpose in PURPOSES:
        for prefix in prefixes:
            number = purpose[len(prefix):]
            if purpose.startswith(prefix) and number.isdigit() and last >= number:
                needed.append(purpose)
    return needed


def windows_libraries(stages):
    """What the Windows build of these stages needs cross-built."""
    last = max((s.number for s in stages), default="")
    found = [library for number, libraries in sorted(WINDOWS_LIBRARIES.items()) if last >= number
             for library in libraries]
    # Generation 3 of Catch2 is a library; 2 was one header.
    return found + ["catch2"] * os.path.exists(CATCH2_3)


def _probe(probe):
    if probe == "libclang_rt":
        return bool(_libclang_rt())
    return os.path.exists(probe) if probe.startswith("/") else shutil.which(probe) is not None


def _libclang_rt():
    clang = shutil.which("clang")
    if not clang:
        return None
    out = subprocess.run([clang, "-print-file-name=libclang_rt.fuzzer-x86_64.a"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, **TEXT, check=False).stdout.strip()
    if os.path.isabs(out) and os.path.exists(out):
        return out
    out = subprocess.run([clang, "-print-runtime-dir"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **TEXT,
                         check=False).stdout.strip()
    return out if os.path.isdir(out) else None


def entries(purposes):
    """[(package, probes)] of the purposes, each once."""
    found = {}
    for purpose in purposes:
        for entry in PURPOSES[purpose]:
            name, *probes = (entry,) if isinstance(entry, str) else entry
            found[name] = probes
    return list(found.items())


def bringing(text):
    """The packages whose programs a sentence names ("chromium is not installed")."""
    words = set(re.findall(r"[\w+.-]+", text))
    return sorted({name for name, probes in entries(PURPOSES) for probe in [name, *probes]
                   if probe in words and not probe.startswith("/")})


def _dpkg_has(names):
    """The packages that dpkg has installed."""
    if not shutil.which("dpkg-query"):
        return set()
    out = subprocess.run(["dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Abbrev}\n", *names],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **TEXT, check=False).stdout
    return {line.split()[0].split(":")[0] for line in out.splitlines() if line.split()[1:2] == ["ii"]}


# Windows has no package manager that this command uses: vcpkg brings the libraries when CMake configures.
_WINDOWS_TOOLS = {"base": ["cmake"], "git": ["git"], "format": ["clang-format"], "tidy": ["clang-tidy"], "site": ["node", "npm"]}
_WINDOWS_MODULES = {"stage05": [("jinja2", "jinja2"), ("google.protobuf", "protobuf")]}
_LINUX_ONLY = ("windows", "windows-clang", "sanitizers", "fuzz")


def _missing_on_windows(purposes):
    lacking = []
    for purpose in purposes:
        lacking += [tool for tool in _WINDOWS_TOOLS.get(purpose, []) if not shutil.which(tool)]
        lacking += [f"the Python module {name} (py -m pip install {name})"
                    for module, name in _WINDOWS_MODULES.get(purpose, []) if not _importable(module)]
        lacking += [f"Linux ({purpose})"] if purpose in _LINUX_ONLY else []
    if "base" in purposes:
        toolchain = os.path.join(os.environ.get("VCPKG_ROOT", ""), "scripts", "buildsystems", "vcpkg.cmake")
        lacking += ["vcpkg (the variable VCPKG_ROOT is its folder)"] if not os.path.isfile(toolchain) else []
    return lacking


def _importable(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def missing(purposes):
    """The packages of the purposes that are not here."""
    if os.name == "nt":
        return _missing_on_windows(purposes)
    wanted = entries(purposes)
    lacking = [(name, probes) for name, probes in wanted if not any(_probe(p) for p in probes)]
    if not lacking:
        return []
    names = [name for name, _ in lacking]
    installed = _dpkg_has([a for n in names for a in ALTERNATIVES.get(n, [n])])
    return [n for n in names if not any(a in installed for a in ALTERNATIVES.get(n, [n]))]


def _known(name):
    """Does the release have the package (and is there a candidate to install)?"""
    out = subprocess.run(["apt-cache", "policy", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **TEXT,
                         check=False).stdout
    return "Candidate:" in out and "Candidate: (none)" not in out


def _resolve(names):
    return [next((a for a in ALTERNATIVES.get(n, [n]) if _known(a)), ALTERNATIVES.get(n, [n])[0]) for n in names]


def ensure(purposes, yes=False):
    """Installs what the purposes lack; asks first unless told not to."""
    names = missing(purposes)
    if not names:
        return
    if os.name == "nt":
        raise CourseError("missing: " + ", ".join(names))
    if not shutil.which("apt-get"):
        raise CourseError("missing: " + " ".join(names) + " (their Debian names); please install them and try again")
    if any(not _known(a) for a in names):
        # A fresh machine has no package lists yet.
        prefix = _root_prefix(names)
        console.say("reading the package lists (apt-get update)")
        _apt(prefix + ["apt-get", "update"], "update")
    names = _resolve(names)
    prefix = _root_prefix(names)
    console.say("installs first: " + " ".join(names))
    _ask(names, yes)
    command = prefix + ["apt-get", "install", "-y", "--no-install-recommends", *names]
    if _apt(command, "install", check=False) != 0:
        console.say("once more with fresh package lists")
        _apt(prefix + ["apt-get", "update"], "update")
        _apt(command, "install")


def _root_prefix(names):
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    if shutil.which("sudo"):
        return ["sudo", "DEBIAN_FRONTEND=noninteractive"]
    raise CourseError("missing packages and no root rights; as root: apt-get install " + " ".join(names))


def _ask(names, yes):
    if yes or os.environ.get("CI"):
        return
    if not sys.stdin.isatty():
        raise CourseError("no terminal to ask on; say --yes or, as root: apt-get install " + " ".join(names))
    try:
        answer = input("Go on? [Y/n] ")
    except EOFError:
        answer = "n"
    if answer.strip().lower().startswith("n"):
        raise CourseError("not installed: " + " ".join(names))


def _apt(command, what, check=True):
    status = console.Status(f"apt-get {what}")
    process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             **TEXT, check=False)
    status.done(process.returncode == 0)
    if process.returncode != 0 and check:
        lines = [l for l in process.stdout.splitlines() if l.startswith(("E:", "W:"))] or process.stdout.splitlines()[-3:]
        for line in lines[:5]:
            console.say("  " + line)
        raise CourseError(f"apt-get {what} failed")
    return process.returncode
