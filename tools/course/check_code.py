"""Checks with the compiler's tools: clang-format, headers alone, clang-tidy.

The stages are copies, so a file is looked at once per content, not once per stage; what passed before is
remembered in build/check-cache (by content, settings and tool version)."""

import concurrent.futures
import functools
import hashlib
import os
import re
import shutil
import subprocess
import time

from . import build, console
from .text import TEXT

_SOURCES = (".h", ".cc")


def _sources(repo, suffixes=_SOURCES, stages_only=False):
    folders = {s.folder for s in repo.present()}
    for path in repo.files():
        if path.endswith(suffixes) and (path.split("/")[0] in folders or not stages_only and path.startswith("tools/")):
            yield path


def _version(command):
    out = subprocess.run([command, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **TEXT, check=False)
    return out.stdout


class Cache:
    """Keys (digests) of what passed before."""

    def __init__(self, repo, name):
        self._file = repo.root / "build" / "check-cache" / name
        try:
            self._keys = set(self._file.read_text(encoding="ascii").split())
        except OSError:
            self._keys = set()

    def __contains__(self, key):
        return key in self._keys

    def add(self, keys):
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a", encoding="ascii") as f:
            for key in keys:
                self._keys.add(key)
                f.write(key + "\n")


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def formatting(repo):
    if not shutil.which("clang-format"):
        return [], ["clang-format is not installed: not checked"]
    settings = _digest((repo.root / ".clang-format").read_bytes(), _version("clang-format"))
    cache, wanted = Cache(repo, "format"), {}
    for path in _sources(repo):
        key = _digest(settings, os.path.basename(path), (repo.root / path).read_bytes())
        if key not in cache:
            wanted.setdefault(key, []).append(path)
    problems, passed = [], []

    def look(item):
        key, paths = item
        out = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=1", "-Werror", paths[0]], cwd=repo.root,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
        return key, paths, out

    with concurrent.futures.ThreadPoolExecutor(build.jobs()) as pool:
        for key, paths, out in pool.map(look, wanted.items()):
            if out.returncode == 0:
                passed.append(key)
            else:
                line = re.search(r":(\d+):\d+: error", out.stdout)
                problems.append(f"{paths[0]}{':' + line.group(1) if line else ''}: not formatted "
                                f"(clang-format -i {' '.join(paths)})")
    cache.add(passed)
    return problems, []


def reformat(repo):
    """clang-format -i on every file that needs it."""
    files = [p for p in _sources(repo)]
    for start in range(0, len(files), 50):
        subprocess.run(["clang-format", "-i", *files[start:start + 50]], cwd=repo.root, check=False)


_INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


def _visible(stage, path, cache):
    """The files of the stage that `path` includes, directly or not (itself too)."""
    found, todo = set(), [path]
    while todo:
        current = todo.pop()
        if current in found:
            continue
        found.add(current)
        if current not in cache:
            file = stage.path / current
            cache[current] = _INCLUDE.findall(file.read_bytes()) if file.is_file() else []
        for name in cache[current]:
            name = name.decode("utf-8", "replace")
            for candidate in (name, f"src/{name}", os.path.normpath(os.path.join(os.path.dirname(current), name))):
                if (stage.path / candidate).is_file():
                    todo.append(candidate)
                    break
    return found


def _native(suffix):
    """Is it a file with this ending that this system compiles?"""
    return lambda _, path: path.endswith(suffix) and not _foreign(path)


def _unique(repo, fits, settings):
    """{key: (stage, path)}: each distinct file that fits(stage, path) once, in the newest stage that has it.

    The key also covers everything that the file includes there, so that the cache notices changed headers."""
    newest = {}
    for stage in repo.present():
        for path in stage.files():
            if fits(stage, path):
                newest[(path, hashlib.sha256((stage.path / path).read_bytes()).hexdigest())] = stage
    found, graphs = {}, {}
    for (path, _), stage in newest.items():
        graph, contents = graphs.setdefault(stage.number, ({}, {}))
        parts = []
        visible = sorted(_visible(stage, path, graph))
        if any(name.endswith((b".pb.h", b"_packet_handler.h")) for seen in visible for name in graph[seen]):
            visible += [f for f in stage.files() if f.startswith("src/proto/")]  # what those headers are made from
        for name in visible:
            if name not in contents:
                file = stage.path / name
                contents[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
            parts += [name, contents[name]]
        found[_digest(settings, path, *parts)] = (stage, path)
    return found


def _generate(repo):
    """Makes the generated headers (proto) of stages whose release tree has none yet."""
    lacking = [s for s in repo.present() if (s.path / "src" / "proto" / "proto.cmake").is_file()
               and not any((build.tree(repo, "release") / s.folder / "generated").glob("*.pb.h"))]
    if not lacking:
        return
    build.configure(repo, "release", repo.present(), "./course check")
    tree = build.tree(repo, "release")
    out = subprocess.run(["ninja", "-C", str(tree), "-t", "targets", "all"], stdout=subprocess.PIPE, **TEXT, check=False)
    names = [line.split(":")[0] for line in out.stdout.splitlines()]
    wanted = [n for n in names if n.endswith(".h") and any(n.startswith(f"{s.folder}/generated/") for s in lacking)]
    status = console.Status("generated headers")
    result = subprocess.run(["ninja", "-C", str(tree), *wanted], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=dict(os.environ, **build.ccache_env(repo)), check=False)
    status.done(result.returncode == 0)


def _generated_folders(repo, stage):
    """Folders of the release tree with generated headers (proto)."""
    folder = build.tree(repo, "release") / stage.folder
    return [str(folder), str(folder / "generated")] if folder.is_dir() else []


@functools.lru_cache(maxsize=None)
def _library_folders(root, commands):
    """Folders outside of the project in which a build tree looks for headers of libraries."""
    if not commands.is_file():
        return []
    found = re.findall(r'-isystem (/[^ "]+)', commands.read_text(encoding="utf-8"))
    return [f for f in dict.fromkeys(found) if not f.startswith(f"{root}/")]


def _foreign(path):
    """Files that only the other system compiles."""
    return "windows" in os.path.basename(path) or "/windows/" in path


def headers(repo):
    """Every header compiles alone: it includes what it uses."""
    compiler = shutil.which("g++") or shutil.which("c++")
    if not compiler:
        return [], ["no compiler: not checked"]
    _generate(repo)
    cache = Cache(repo, "headers")
    wanted = {k: v for k, v in _unique(repo, _native(".h"), _version(compiler)).items()
              if k not in cache}
    problems, passed = [], []

    def look(item):
        key, (stage, path) = item
        flags = [f"-I{stage.path}", f"-I{stage.path / 'src'}"] + [f"-I{g}" for g in _generated_folders(repo, stage)]
        out = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
                              "-Wconversion", "-Werror", "-Wno-pragma-once-outside-header", *flags, "-include",
                              path, "-x", "c++", "/dev/null"], cwd=stage.path, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, **TEXT, check=False)
        return key, stage, path, out

    with concurrent.futures.ThreadPoolExecutor(build.jobs()) as pool:
        for key, stage, path, out in pool.map(look, wanted.items()):
            if out.returncode == 0:
                passed.append(key)
            else:
                reason = next((l for l in out.stdout.splitlines() if "error" in l), out.stdout.strip()[:200])
                problems.append(f"{stage.folder}/{path} does not compile alone: {reason}")
    cache.add(passed)
    return problems, [f"{len(passed)} compiled"] if passed else []


# Tests are many and long; for them the checks that find faults, not those that find slow or old-fashioned code.
_TEST_CHECKS = ("-*,bugprone-use-after-move,bugprone-dangling-handle,bugprone-assert-side-effect,"
                "bugprone-infinite-loop,bugprone-macro-parentheses,bugprone-sizeof-expression,"
                "bugprone-suspicious-semicolon,bugprone-unused-raii,bugprone-lambda-function-name,"
                "bugprone-string-constructor,cppcoreguidelines-slicing,performance-for-range-copy,"
                "performance-unnecessary-copy-initialization,google-build-namespaces,misc-unused-using-decls,"
                "modernize-use-override,modernize-use-nullptr")


# This check takes about as long as all the others together; programs, which copy an argument once, are not worth that.
_PROGRAM_CHECKS = "-performance-unnecessary-value-param"


def _of_tests(path):
    return path.startswith("tests/")


def tidy(repo):
    """clang-tidy on each distinct source file, tests with fewer checks; headers are seen through their sources.

    A file that a stage has unchanged from the one before is looked at in one of them; generated code is not
    looked at. Nearly all the time goes into the system's headers, so the files of a stage's layers are looked at
    together, as one translation unit; files that cannot be together (the same name twice) come into another."""
    tool = shutil.which("clang-tidy")
    if not tool:
        return [], ["clang-tidy is not installed: not checked"]
    _generate(repo)
    settings = _digest((repo.root / ".clang-tidy").read_bytes(), _TEST_CHECKS, _PROGRAM_CHECKS, _version(tool))
    cache = Cache(repo, "tidy")
    distinct = _unique(repo, _native(".cc"), settings)
    wanted = {k: v for k, v in distinct.items() if k not in cache}
    if not wanted:
        return [], []
    problems, passed, seconds = set(), 0, []
    groups = _groups(wanted)
    status = console.Status(f"clang-tidy on {len(wanted)} files")
    with concurrent.futures.ThreadPoolExecutor(build.jobs()) as pool:
        running = [pool.submit(_tidy_group, repo, tool, number, *group) for number, group in enumerate(groups)]
        for future in concurrent.futures.as_completed(running):
            good, found, times = future.result()
            cache.add(good)
            passed += len(good)
            problems |= found
            seconds += times
            status.update(f"{passed} passed")
    status.done(not problems)
    log = build.log_file(repo, "tidy-times")
    log.write_text("".join(f"{took:6.1f} s  {what}\n" for took, what in sorted(seconds, reverse=True)), encoding="utf-8")
    return sorted(problems), [f"{passed} files looked at, {len(distinct) - len(wanted)} known from before"]


def _groups(wanted, most=40):
    """[(stage, [(key, path)])]: the stage's layers, its programs, and its tests by their framework."""
    folders = {}
    for key, (stage, path) in wanted.items():
        top, name = path.split("/")[0], os.path.basename(path)
        part = top if top != "src" else ""
        kind = name.split("_")[0] if name.startswith(("unit_", "scenario_")) else ""
        folders.setdefault((stage.number, part, kind), (stage, []))[1].append((key, path))
    found = []
    for _, (stage, items) in sorted(folders.items(), key=lambda f: f[0]):
        items.sort(key=lambda item: item[1])
        parts = -(-len(items) // most)
        found += [(stage, items[n::parts]) for n in range(parts)]
    return sorted(found, key=lambda group: -len(group[1]))


def _tidy_group(repo, tool, number, stage, items):
    """(keys that passed, problems, times) of files that are looked at together as far as they can be."""
    good, problems, times, todo = [], set(), [], [items]
    while todo:
        group = todo.pop()
        start = time.monotonic()
        if len(group) > 1:
            apart = _cannot_be_together(repo, tool, number, stage, group)
            if apart:
                rest = [item for item in group if item[1] not in apart]
                half = len(group) // 2
                todo += [rest, [i for i in group if i[1] in apart]] if rest else [group[:half], group[half:]]
                continue
        out = _clang_tidy(repo, tool, number, stage, group)
        found = [l for l in out.stdout.splitlines() if re.search(r": (warning|error): ", l)]
        named = {path for _, path in group if any(f"{stage.path}/{path}:" in line for line in found)}
        if out.returncode != 0 and not found:
            last = (out.stderr.strip().splitlines() or ["no output"])[-1]
            found = [f"{stage.folder}/{group[0][1]}: clang-tidy ended with code {out.returncode}: {last}"]
        if not found or named and all(any(f"{stage.path}/{p}:" in line for p in named) for line in found):
            good += [key for key, path in group if path not in named]  # a finding in a header spoils all
        problems |= {line.replace(str(repo.root) + "/", "") for line in found}
        times.append((time.monotonic() - start, f"{stage.folder}: " + " ".join(path for _, path in group)))
    return good, problems, times


def _clang_tidy(repo, tool, number, stage, group, checks=None):
    """clang-tidy on one file, or on a file that includes all of the group."""
    if checks is None and _of_tests(group[0][1]):
        checks = _TEST_CHECKS
    elif checks is None and group[0][1].startswith(("apps/", "labs/", "support/")):
        checks = _PROGRAM_CHECKS
    file = stage.path / group[0][1]
    if len(group) > 1:
        file = repo.root / "build" / "tidy" / f"{number}.cc"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Each program has its main.
        file.write_text("".join(f'#define main Main{n}\n#include "{path}"  // NOLINT\n#undef main\n'
                                for n, (_, path) in enumerate(group)), encoding="utf-8")
    libraries = _library_folders(repo.root, build.tree(repo, "release") / "compile_commands.json")
    folders = [f"-isystem{g}" for g in _generated_folders(repo, stage) + libraries]
    return subprocess.run([tool, "--quiet", f"--config-file={repo.root / '.clang-tidy'}",
                           *([f"--checks={checks}"] if checks else []),
                           f"--header-filter=^{re.escape(str(stage.path))}/", str(file), "--", "-std=c++20",
                           f"-I{stage.path}", f"-I{stage.path / 'src'}", *folders],
                          cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **TEXT, check=False)


def _cannot_be_together(repo, tool, number, stage, group):
    """The files of the group at which a compiler stumbles when they are one translation unit."""
    out = _clang_tidy(repo, tool, number, stage, group, "-*,misc-static-assert")
    lines = [l for l in out.stdout.splitlines() if "[clang-diagnostic-error" in l]
    apart = {path for _, path in group if any(f"{stage.path}/{path}:" in line for line in lines)}
    return apart if apart or not lines else {path for _, path in group}
