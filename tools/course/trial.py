"""A copy of a stage in a tree of its own, to be changed, built, and tried by its declared tests.

    trial.fill(source_folder, files, stage.path)        # .../00_stage: ccache then knows what other copies have compiled
    tree = trial.Tree(repo, stage, source_folder, tree_folder)
    tree.configure()
    built = tree.build(["unit.ring_buffer"])            # BuildResult(ok, first_error, log)
    outcome = tree.run("unit.ring_buffer:Ring.*")       # Outcome(passed, cases, text, seconds, ended)

A declared test is "unit.NAME", "unit.NAME:gtest filter", "scenario.NAME" or "scenario.NAME:Catch2's specification", as
in course.toml."""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from . import box, build, process, report_file
from .errors import CourseError
from .text import decode

BuildResult = collections.namedtuple("BuildResult", "ok first_error log lines")
# passed: it ended with 0 and its report, if it writes one, names no failed case. cases: {name: "passed", "failed" or
# "skipped"} of the report, None without one that can be read. ended: "exit code 1", "signal SIGSEGV", "no end within 180 s" ...
Outcome = collections.namedtuple("Outcome", "passed cases text seconds ended")
# Of a run: `wall` seconds and `output` bytes always; the others hold where a box (box.py) is around the program; 0: none.
Limits = collections.namedtuple("Limits", "wall output cpu memory address processes file files",
                                defaults=(180.0, 32 << 20, 0, 0, 0, 0, 0, 0))
STUCK = "a failure, and no end within 5 s of it"
_GRACE = 5.0
_KEPT = 64 << 10  # of what a program prints: so much of the beginning, and of the end


def fill(source, files, like):
    """The folder holds these files, {path: bytes}, and nothing else; only what differs is written, so that only that is
    compiled anew. `like`: the folder whose file modes they get."""
    for path in (p for p in source.rglob("*") if p.is_file() or p.is_symlink()):
        if path.is_symlink() or path.relative_to(source).as_posix() not in files:
            path.unlink()
    for path, content in files.items():
        put(source / path, content)
        if (like / path).is_file():
            shutil.copymode(like / path, source / path)


def put(path, content):
    """Writes the file if it does not have this content already."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    os.replace(new, path)


def parts(spec):
    """("unit", "unit_ring_buffer", "Ring.*") of "unit.ring_buffer:Ring.*"."""
    name, _, wanted = spec.partition(":")
    kind = name.split(".")[0]
    if kind not in ("unit", "scenario") or "." not in name:
        raise CourseError(f"a test is unit.NAME or scenario.NAME, not '{spec}'")
    return kind, name.replace(".", "_", 1), wanted


class Tree:
    """One source folder and its build tree.

    `options`: more for CMake. `environment`: of the build and the tests, on top of this command's own (a value of None
    takes a name away). `before`: what stands before a test's command. `box`: the box.Box that a student's program runs in."""

    def __init__(self, repo, stage, source, tree, options=(), environment=None, box=None, name=None, before=()):
        self.repo, self.stage = repo, stage
        self.source, self.tree = pathlib.Path(source), pathlib.Path(tree)
        self.options, self.environment, self.box, self.before = list(options), dict(environment or {}), box, list(before)
        self.jobs = build.jobs()
        self.log = build.log_file(repo, name or f"trial-{stage.number}")

    def target(self, spec):
        return f"stage{self.stage.number}_{parts(spec)[1]}"

    def program(self, spec):
        return self.tree / "bin" / parts(spec)[1]

    # -- building ----------------------------------------------------------------------------------

    def configure(self):
        """CMake; a tree that was made from another folder, or half of one, is made anew. Raises CourseError."""
        cache = self.tree / "CMakeCache.txt"
        if cache.is_file() and f"CMAKE_HOME_DIRECTORY:INTERNAL={self.source.as_posix()}\n" not in cache.read_text(
                encoding="utf-8", errors="replace"):
            shutil.rmtree(self.tree)
        self.log.unlink(missing_ok=True)
        result = self._logged(["cmake", "-S", str(self.source), "-B", str(self.tree), "-G", "Ninja",
                               "-DCMAKE_BUILD_TYPE=Release", "-DCOURSE_WERROR=OFF",
                               f"-DCMAKE_CXX_COMPILER_LAUNCHER={self._launcher()}", *self.options])
        if result.code != 0:
            shown = "\n".join(l for l in result.tail if l.strip())[-1500:]
            raise CourseError(f"configuring a copy of stage {self.stage.number} failed (log: {self.log}):\n{shown}")

    def build(self, specs, status=None, limits=None, environment=None):
        """Builds the programs of these declared tests. `limits`: for compilers that see a student's code."""
        wanted = list(dict.fromkeys(self.target(s) for s in specs))
        command = ["cmake", "--build", str(self.tree), "--parallel", str(self.jobs), "--target", *wanted]
        if limits:  # and one error in a file is enough
            command = box.limited(command + ["--", "-k", "0"], limits)
        result = self._logged(command, status, environment)
        error = "" if result.code == 0 else "\n".join(build.first_error(result.tail))
        if result.code != 0 and process.disk_full(result.tail, self.log.parent):
            raise CourseError(process.DISK_FULL)
        return BuildResult(result.code == 0, error, self.log, result.tail)

    def _launcher(self):
        """The launcher finds the stage by its own place, two folders above: so it is copied beside the source."""
        launcher = self.source.parent / "tools" / "cmake" / "stage-compile"
        if not launcher.is_file():
            launcher.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(pathlib.Path(__file__).parents[1] / "cmake" / "stage-compile", launcher)
        return launcher

    def _logged(self, command, status=None, environment=None):
        env = dict(build.ccache_env(self.repo), NINJA_STATUS="[%f/%t] ", **(environment or {}))
        return process.run_logged(command, self.log, status, (lambda line: status.update(line[:100])) if status else None,
                                  env=env, cwd=self.repo.root, keep=2000)

    # -- running -----------------------------------------------------------------------------------

    def run(self, spec, limits=None, environment=None, also="", enough=None):
        """Runs one declared test, and the case `also` with it. What it leaves behind is ended. `enough`: bytes; once the program
        has printed them it has a few seconds left."""
        limits = limits or Limits()
        kind, _, wanted = parts(spec)
        program = self.program(spec)
        if not program.is_file():
            raise CourseError(f"{program} is missing")
        with tempfile.TemporaryDirectory(prefix="course-trial-") as folder:
            private = pathlib.Path(folder)
            report = private / "report.xml"
            command = [*self.before, str(program), *_arguments(kind, wanted, also, report)]
            code, text, seconds, ended = self._process(command, private, limits, environment or {}, enough)
            cases, failures = report_file.read(kind, report, also)
        passed = code == 0 and "failed" not in (cases or {}).values()
        return Outcome(passed, cases, (text + "\n" + failures).strip() + "\n", seconds, ended)

    def _process(self, command, private, limits, environment, enough):
        full = {**os.environ, **self.environment, **environment, "COURSE_BIN_DIR": str(self.tree / "bin"),
                "COURSE_STAGE_DIR": str(self.source)}
        full = {name: value for name, value in full.items() if value is not None}
        guard = self.box.guard(command, private, limits, full) if self.box else None
        start = time.monotonic()
        child = process.popen(guard.command if guard else command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=guard.environment if guard else full,
                              cwd=guard.folder if guard else self.tree)
        output = Output(child.stdout, limits.output, enough)
        try:
            ended = _wait(child, start + limits.wall, output, limits, guard)
        finally:
            seconds = time.monotonic() - start
            (guard.end if guard else process.kill)(child)
            child.wait()
            process.forget(child)
            output.end()
        code = child.returncode
        if guard and code > 128:
            code = 128 - code  # so the warden says it
        return (None if ended else code), output.text(), seconds, ended or _ending(code)


def _wait(child, deadline, output, limits, guard):
    """Why the program has to be ended; None when it ended by itself."""
    pause = 0.01
    while True:
        try:
            child.wait(pause)
            return None
        except subprocess.TimeoutExpired:
            pause = min(0.25, pause * 2)
        if time.monotonic() > deadline:
            return f"no end within {limits.wall:g} s"
        if output.seen and time.monotonic() > output.seen + _GRACE:
            return STUCK
        if output.over:
            return f"more than {limits.output >> 20} MiB of output"
        reason = guard.watch(child.pid) if guard else None
        if reason:
            return reason


def _ending(code):
    if code is not None and code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _arguments(kind, wanted, also, report):
    if kind == "unit":
        if also and wanted:
            wanted = f"{also}:{wanted}"  # in front: behind a '-' stands what is left out
        return [f"--gtest_output=xml:{report}"] + ([f"--gtest_filter={wanted}"] if wanted else [])
    if also and wanted:
        wanted = f"{wanted},{also}"
    return ([wanted] if wanted else []) + ["-r", "xml", "-o", str(report)]


class Output:
    """What a program prints, read to its end; the beginning and the end of it are kept. `seen`: when `enough` was."""

    def __init__(self, stream, most, enough=None):
        self.over, self.seen = False, None
        self._enough = enough
        self._most, self._stream = most, stream
        self._head, self._tail, self._count = bytearray(), bytearray(), 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        last = b""
        try:
            while block := os.read(self._stream.fileno(), 1 << 16):
                self._count += len(block)
                free = max(0, _KEPT - len(self._head))
                self._head += block[:free]
                if self._enough and not self.seen and self._enough in last + block:
                    self.seen = time.monotonic()
                last = block[-len(self._enough or b"."):]
                self._tail = (self._tail + block[free:])[-_KEPT:]
                self.over = self._count > self._most
        except (OSError, ValueError):
            pass

    def end(self):
        self._thread.join(2.0)  # a process that got away holds the pipe: then without its last words
        if not self._thread.is_alive():
            self._stream.close()

    def text(self):
        lost = self._count - len(self._head) - len(self._tail)
        middle = f"\n... {lost} bytes ...\n".encode() if lost > 0 else b""
        return re.sub("\0", "\\\\0", decode(bytes(self._head) + middle + bytes(self._tail)))


def failing(outcome):
    """How the run ended, in a few words: for a line of a table."""
    failed = [name for name, state in (outcome.cases or {}).items() if state == "failed"]
    if failed:
        return f"{len(failed)} of {len(outcome.cases)} cases failed: {failed[0]}"
    return outcome.ended


