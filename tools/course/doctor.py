"""`./course doctor`: what this machine has and lacks for the course. It installs nothing and asks nothing."""

import os
import platform
import re
import shutil
import subprocess

from . import build, console, packages, place
from .errors import CourseError
from .text import TEXT

HELP = "show what this machine has and lacks"
EXAMPLES = """examples:
  ./course doctor

Looks at versions and headers; installs nothing and asks nothing.
Exit code 0 when ./course test and ./course run can do their work, 1 when something for them is missing."""

_NEEDED_BY = {
    "base": "build, test, run",
    "git": "carry, check translations",
    "windows": "test --windows, test --all",
    "windows-clang": "check windows-clang, test --all",
    "format": "check format, test --all",
    "tidy": "check tidy, test --all",
    "stage05": "stages 05 and later",
    "stage07": "stage 07",
    "windows07": "stage 07, test --windows and --all",
    "run07": "run 07, test 07",
    "outside07": "stage 07, test --all and --slow",
    "sanitizers": "test --asan, --tsan and --all",
    "fuzz": "fuzz targets, test --all",
    "site": "site, test --all",
    "slides": "slides --pdf",
    "tools": "test --all",
    "bench": "bench, test --all",
    "bench-calls": "bench (system calls)",
}
# tool -> (the purpose it is for, the oldest version that is good enough, its Debian package)
_TOOLS = {
    "g++": ("base", (11,), "g++"),
    "cmake": ("base", (3, 22), "cmake"),
    "ninja": ("base", (1, 10), "ninja-build"),
    "ccache": ("base", (4,), "ccache"),
    "git": ("git", (2,), "git"),
    "protoc": ("stage05", (3, 12), "protobuf-compiler"),
    "redis-server": ("run07", (6,), "redis-server"),
    "clang++": ("sanitizers", (14,), "clang"),
    "clang-format": ("format", (14,), "clang-format"),
    "clang-tidy": ("tidy", (14,), "clang-tidy"),
    "wine": ("windows", (8,), "wine"),
}
# purpose -> (headers, one of which is enough; their Debian package)
_HEADERS = {
    "base": [(("gtest/gtest.h",), "libgtest-dev"), (("catch2/catch.hpp", "catch2/catch_test_macros.hpp"), "catch2"),
             (("spdlog/spdlog.h",), "libspdlog-dev"), (("fmt/format.h",), "libfmt-dev"),
             (("CLI/CLI.hpp",), "libcli11-dev")],
    "stage05": [(("google/protobuf/message.h",), "libprotobuf-dev"), (("utf8proc.h",), "libutf8proc-dev")],
    "stage07": [(("toml++/toml.h",), "libtomlplusplus-dev"), (("sodium.h",), "libsodium-dev"),
                (("hiredis/hiredis.h",), "libhiredis-dev"), (("prometheus/exposer.h",), "prometheus-cpp-dev"),
                (("maxminddb.h",), "libmaxminddb-dev"), (("nlohmann/json.hpp",), "nlohmann-json3-dev"),
                (("sqlite3.h",), "libsqlite3-dev"), (("mariadb/mysql.h",), "libmariadb-dev")],
}


def add_arguments(parser):
    del parser


def _release():
    try:
        with open("/etc/os-release", encoding="utf-8") as f:
            pairs = dict(l.rstrip().split("=", 1) for l in f if "=" in l)
        return pairs.get("PRETTY_NAME", "").strip('"')
    except OSError:
        return platform.platform()


def _version(tool):
    """(what it says of itself, its version as numbers); ("not here", None) without it."""
    path = shutil.which(tool)
    if not path:
        return "not here", None
    try:
        out = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, timeout=20, **TEXT, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "does not start", None
    for line in out.splitlines():
        match = re.search(r"\d+(?:\.\d+)*", re.sub(r"^\S*\+\+", "", line))
        if match:
            return line.strip(), tuple(map(int, match.group().split(".")))
    return "does not say its version", None


def _headers():
    """The headers that the compiler finds; None without a compiler."""
    names = [name for group in _HEADERS.values() for alternatives, _ in group for name in alternatives]
    source = "".join(f"#if __has_include(<{name}>)\nfound {name}\n#endif\n" for name in names)
    compiler = os.name != "nt" and (shutil.which("g++") or shutil.which("c++"))
    if not compiler:
        return None
    out = subprocess.run([compiler, "-std=c++20", "-E", "-x", "c++", "-"], input=source, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, **TEXT, check=False)
    return {line[6:] for line in out.stdout.splitlines() if line.startswith("found ")} if out.returncode == 0 else None


def problems(versions, headers, lacking):
    """[(purpose, what is wrong, package)]. `lacking`: purpose -> packages that are not here."""
    found = []
    for tool, (text, version) in versions.items():
        purpose, least, package = _TOOLS[tool]
        if version is None:
            found.append((purpose, f"{tool}: {text}", package))
        elif version < least:
            found.append((purpose, f"{tool}: version {_dotted(version)} is too old, {_dotted(least)} or newer is needed", package))
    for purpose, groups in _HEADERS.items():
        for alternatives, package in groups:
            if headers is not None and not headers.intersection(alternatives):
                found.append((purpose, f"<{'> or <'.join(alternatives)}>: the compiler finds no such header", package))
    named = {package for _, _, package in found}
    for purpose, names in lacking.items():
        found += [(purpose, f"{name}: not installed", name) for name in names if name not in named]
        named.update(names)
    return found


# Any of them will do for CMake.
_BASE = (("g++", "c++", "clang++"), ("cmake",), ("ninja",))


def refuse_old(purposes):
    """Before anything is built: what is here, but not to be found or too old for these purposes, and what to do, in one line."""
    for programs in _BASE if "base" in purposes and os.name != "nt" else ():
        named = "g++" in programs and os.environ.get("CXX")
        if not named and not any(map(shutil.which, programs)):
            raise CourseError(f"{programs[0]} is installed, but in no folder of PATH: mend PATH and try again (./course doctor shows what is found)")
    for tool, (purpose, least, package) in _TOOLS.items():
        if purpose not in purposes or tool == "g++" and os.environ.get("CXX") or not shutil.which(tool):
            continue
        _, version = _version(tool)
        if version is not None and version < least:
            wanted = f"{tool} {_dotted(version)} is too old, {_dotted(least)} or newer is needed: "
            raise CourseError(wanted + (f"apt-get install g++-{_dotted(least)}, then CXX=g++-{_dotted(least)} ./course ..."
                                        if tool == "g++" else f"a newer release of the system has it ({package})"))


def _dotted(version):
    return ".".join(map(str, version))


def run(repo, args):
    del args
    console.say(f"system      {_release()}, kernel {platform.release()}")
    console.say(f"python      {platform.python_version()}")
    free = shutil.disk_usage(repo.root).free >> 20
    console.say(f"machine     {build.jobs()} compile jobs, {free} MiB free here")
    root = "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo" if shutil.which("sudo") else "no root rights"
    installer = f"apt-get ({root})" if shutil.which("apt-get") else "none that this command knows"
    console.say(f"installing  {installer}")
    console.say("stages      " + ", ".join(f"{s.number} {'here' if s.present else 'planned'}" for s in repo.stages.values()))
    console.say()
    # On Windows Visual Studio and vcpkg bring the rest; packages.missing knows what they lack.
    versions = {tool: _version(tool) for tool in (_TOOLS if os.name != "nt" else ("cmake", "git"))}
    console.say(console.table([(tool, text) for tool, (text, _) in versions.items()]))
    console.say()
    lacking = {purpose: packages.missing([purpose]) for purpose in packages.PURPOSES}
    found = problems(versions, _headers(), lacking)
    # What these two do on a machine of their own; everything else is for those who write the course.
    needed = packages.for_stages(build.native_config("release"), repo.present(), run=True)
    bad = [p for p in found if p[0] in needed]
    for title, listed in (("./course test and ./course run lack:", bad),
                          ("other commands lack:", [p for p in found if p[0] not in needed])):
        if listed:
            console.say(title)
            console.say(console.table([(what, "does not work: " + _NEEDED_BY[purpose]) for purpose, what, _ in listed]))
            if os.name != "nt":
                how = "apt-get install" if shutil.which("apt-get") else "by their Debian names"
                console.say(f"  to install: {how} " + " ".join(dict.fromkeys(package for *_, package in listed)))
            console.say()
    refused = place.problem(repo.root)
    if refused:
        console.warn(refused)
    if free < 2048:
        console.warn(f"only {free} MiB free; a full build of all configurations takes about 4 GiB")
    if not bad and not refused:
        console.say("./course test and ./course run have what they need")
    return 1 if bad or refused else 0
