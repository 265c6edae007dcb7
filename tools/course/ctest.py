"""One CTest run over several build trees, checks included.

CTest knows one tree at a time. Here the tests of all wanted trees are read (ctest --show-only=json-v1) and
written into one test file of our own, build/ctest/CTestTestfile.cmake, so that a single real CTest run
schedules everything on the machine's cores and closes with one summary."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as xml

from . import build, console, process, skips
from .errors import CourseError
from .text import TEXT

_KEPT = ("TIMEOUT", "WORKING_DIRECTORY", "WILL_FAIL", "PASS_REGULAR_EXPRESSION", "FAIL_REGULAR_EXPRESSION",
         "SKIP_RETURN_CODE", "RUN_SERIAL", "PROCESSORS", "RESOURCE_LOCK", "COST", "DEPENDS", "FIXTURES_SETUP",
         "FIXTURES_REQUIRED", "FIXTURES_CLEANUP", "ENVIRONMENT", "LABELS")
_LISTS = ("ENVIRONMENT", "LABELS", "DEPENDS", "RESOURCE_LOCK", "FIXTURES_SETUP", "FIXTURES_REQUIRED",
          "FIXTURES_CLEANUP", "PASS_REGULAR_EXPRESSION", "FAIL_REGULAR_EXPRESSION")
_SLOWER = {"asan": 3, "tsan": 4, "windows": 3, "debug": 2}
SANITIZER_ENV = {
    "asan": ["ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
             "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"],
    "tsan": ["TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1"],
}


class Test:
    """One entry of the combined run."""

    def __init__(self, name, command, properties=None, config=""):
        self.name = name
        self.command = command
        self.properties = properties or {}
        self.config = config

    @property
    def labels(self):
        return self.properties.get("LABELS", [])

    @property
    def stage(self):
        """"01" of a label "stage01", or ""."""
        return next((l[5:] for l in self.labels if re.fullmatch(r"stage\d\d", l)), "")

    @property
    def short(self):
        """The name without configuration and stage: unit.conformance"""
        return re.sub(r"^(?:\w+\.)?stage\d\d\.", "", self.name)

    @property
    def tree_name(self):
        """The name that CMake gave it, without the configuration."""
        return self.name.removeprefix(self.config + ".")

    @property
    def inputs(self):
        """What it is made from, where it says so: files and folders of the stage (COURSE_TEST_INPUTS)."""
        return next((e.split("=", 1)[1].split(":") for e in self.properties.get("ENVIRONMENT", [])
                     if e.startswith("COURSE_TEST_INPUTS=")), [])

    def executable(self):
        """The test program itself: behind Wine's starter it is the second word."""
        return next((c for c in self.command if c.startswith("/") and f"{os.sep}bin{os.sep}" in c), self.command[0])


def read_tree(repo, config):
    """The tests that CMake registered in the configuration's tree."""
    folder = build.tree(repo, config)
    command = ["ctest", "--test-dir", str(folder), "--show-only=json-v1"]
    if config == "msvc":
        command += ["-C", "Release"]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **TEXT, check=False)
    if out.returncode != 0:
        raise CourseError(f"ctest cannot read build/{config}: {out.stderr.strip()}")
    found = []
    for entry in json.loads(out.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in entry.get("properties", []) if p["name"] in _KEPT}
        prefix = "" if config in ("release", "msvc") else config + "."
        found.append(_adapt(repo, Test(prefix + entry["name"], entry.get("command", []), properties, config)))
    return found


def _adapt(repo, test):
    """What a configuration needs besides: sanitizer options, longer time-outs, result files."""
    environment = list(test.properties.get("ENVIRONMENT", []))
    environment += SANITIZER_ENV.get(test.config, [])
    if "TIMEOUT" in test.properties:
        test.properties["TIMEOUT"] = float(test.properties["TIMEOUT"]) * _SLOWER.get(test.config, 1)
    if "conformance" in test.labels:
        file = results_file(repo, test.config, test.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        drive = "Z:" if test.config == "windows" else ""
        environment.append(f"GTEST_OUTPUT=json:{drive}{file}")
    if test.config == "windows" and "WINEPREFIX" not in os.environ:
        environment.append(f"WINEPREFIX={wine_prefix(repo)}")
    if test.config == "tsan" and test.command:
        test.command = without_aslr() + test.command
    if environment:
        test.properties["ENVIRONMENT"] = environment
    if "DEPENDS" in test.properties and test.config not in ("release", "msvc"):
        test.properties["DEPENDS"] = [f"{test.config}.{d}" for d in test.properties["DEPENDS"]]
    return test


def without_aslr():
    """ThreadSanitizer of older compilers cannot start when the kernel spreads addresses too far."""
    try:
        with open("/proc/sys/vm/mmap_rnd_bits", encoding="ascii") as f:
            if int(f.read()) <= 28:
                return []
    except (OSError, ValueError):
        return []
    if shutil.which("setarch") and subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL,
                                                  check=False).returncode == 0:
        return [shutil.which("setarch"), "-R"]
    return []


def wine_prefix(repo):
    return os.environ.get("WINEPREFIX") or str(repo.root / "build" / "wine")


def results_file(repo, config, test_name):
    return repo.root / "build" / "results" / config / f"{test_name}.json"


def run_once(tests):
    """Drops a test whose program is byte for byte that of an earlier stage.

    Returns (tests to run, [(dropped test, the earlier one)]). A unit test is the same when its executable is, and
    the data files if it reads any; a scenario test also needs the same programs to start."""
    seen, kept, dropped = {}, [], []
    for test in sorted(tests, key=lambda t: (t.config, t.stage, t.name)):
        if not test.stage or not _own_program(test):
            kept.append(test)
            continue
        key = (test.config, test.short, _fingerprint(test))
        if key in seen:
            dropped.append((test, seen[key]))
        else:
            seen[key] = test
            kept.append(test)
    return kept, dropped


def _own_program(test):
    """Is the test a program of the build tree (and not an interpreter that runs a script)?"""
    folder = next((e.split("=", 1)[1] for e in test.properties.get("ENVIRONMENT", []) if e.startswith("COURSE_BIN_DIR=")), "")
    return os.path.dirname(test.executable()) == re.sub(r"^Z:", "", folder)


def _bytes(path):
    with open(path, "rb") as f:
        return f.read()


def _fingerprint(test):
    program = test.executable()
    folder = os.path.dirname(program)
    files = [program]
    if "unit" not in test.labels:
        # It starts the stage's programs.
        files += sorted(os.path.join(folder, f) for f in os.listdir(folder)
                        if not f.startswith(("unit_", "scenario_")))
    environment = dict(e.split("=", 1) for e in test.properties.get("ENVIRONMENT", []) if "=" in e)
    stage_folder = re.sub(r"^Z:", "", environment.get("COURSE_STAGE_DIR", ""))
    data = os.path.join(stage_folder, "tests")
    # A unit test that does not know the name of that variable cannot find the stage's data.
    blind = "unit" in test.labels and os.path.isfile(program) and b"COURSE_STAGE_DIR" not in _bytes(program)
    for base, folders, names in os.walk(data) if stage_folder and not blind else ():
        folders.sort()
        files += [os.path.join(base, n) for n in sorted(names) if not n.endswith((".cc", ".h", ".cmake"))]
    digest = hashlib.sha256()
    for file in files:
        if not os.path.isfile(file):
            continue
        digest.update(os.path.basename(file).encode() + b"\0")
        with open(file, "rb") as f:
            digest.update(hashlib.file_digest(f, "sha256").digest() if hasattr(hashlib, "file_digest")
                          else hashlib.sha256(f.read()).digest())
    digest.update(repr(test.command[:-1] if test.command[-1] == program else test.command[1:]).encode())
    return digest.hexdigest()


def _quote(text):
    text = str(text)
    level = 1
    while f"]{'=' * level}]" in text:
        level += 1
    return f"[{'=' * level}[{text}]{'=' * level}]"


def _escape(item):
    return str(item).replace(";", "\\;")


def write_file(repo, tests):
    """Writes the combined test file; returns its folder."""
    folder = repo.root / "build" / "ctest"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Written by the course command."]
    for test in tests:
        lines.append(f"add_test({_quote(test.name)} {' '.join(_quote(c) for c in test.command)})")
        properties = dict(test.properties)
        if properties:
            words = []
            for name, value in properties.items():
                if name in _LISTS:
                    value = ";".join(_escape(v) for v in (value if isinstance(value, list) else [value]))
                elif isinstance(value, bool):
                    value = "ON" if value else "OFF"
                words.append(f"{name} {_quote(value)}")
            lines.append(f"set_tests_properties({_quote(test.name)} PROPERTIES {' '.join(words)})")
    (folder / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run(repo, tests, again, alone, jobs, strict=False):
    """Runs the tests in one CTest run and prints its own summary. Returns the exit code.

    At most `jobs` at a time; `strict`: a test that was skipped is a failure. After a failure it says how to repeat: `again` is the whole command, `alone(name)` the one
    for a single test."""
    folder = write_file(repo, tests)
    junit = repo.root / "build" / "results" / "junit.xml"
    junit.parent.mkdir(parents=True, exist_ok=True)
    junit.unlink(missing_ok=True)
    log = build.log_file(repo, "test")
    log.unlink(missing_ok=True)
    # CTest keeps the first 300 KB of a failed test's output if it is not told otherwise: a long test's log then hides what failed.
    command = ["ctest", "--test-dir", str(folder), "-j", str(jobs), "--no-label-summary", "--output-on-failure",
               "--output-junit", str(junit), "--timeout", "600", "--test-output-size-passed", str(1 << 20), "--test-output-size-failed", str(64 << 20)]
    status = console.Status(f"running {len(tests)} tests")
    printer = _Printer(status)
    result = process.run_logged(command, log, status, printer.line, cwd=repo.root)
    printer.end()
    left_out = skips.collect(repo, junit, {t.config for t in tests if t.config})
    if result.code == 0:
        return 0 if skips.report(left_out, strict) else 1
    skips.report(left_out, False)
    _explain(tests, junit, log, again, alone)
    return 1


class _Printer:
    """Passes CTest's lines on: results and its summary; the output of failed tests only to the log."""

    def __init__(self, status):
        self._status = status
        self._summary = False
        self._running = {}
        self._ended = False

    def line(self, text):
        if "tests passed," in text:
            self._finish(text.startswith("100%"))
            self._summary = True
        if self._summary:
            console.say(text)
            return
        start = re.match(r"\s*Start\s+(\d+): (.*)", text)
        if start:
            self._running[start.group(1)] = start.group(2)
            self._status.update("now: " + ", ".join(self._running.values()))
            return
        end = re.match(r"\s*\d+/\d+ Test\s+#(\d+): ", text)
        if end:
            self._running.pop(end.group(1), None)
            self._status.line(text)

    def end(self):
        self._finish(False)  # no summary: CTest itself went wrong

    def _finish(self, ok):
        if not self._ended:
            self._ended = True
            self._status.done(ok)


def _explain(tests, junit, log, again, alone):
    """After a failure: the end of each failed test's output, the log, and how to repeat."""
    by_name = {t.name: t for t in tests}
    for name, output in _failures(junit)[:5]:
        console.say()
        console.say(console.style(name, "red", "bold"))
        for line in relevant(output):
            console.say("  " + line)
        test = by_name.get(name)
        if test:
            console.say("  this test alone: " + alone(name))
            console.say("  by hand: " + _by_hand(test))
    console.say()
    console.say(f"full log: {log}")
    console.say(f"again with: {again}")


def _by_hand(test):
    keep = ("COURSE_BIN_DIR", "COURSE_STAGE_DIR", "WINEPREFIX", "TSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    environment = [e for e in test.properties.get("ENVIRONMENT", []) if e.split("=")[0] in keep]
    return " ".join([f"{name}={shlex.quote(value)}" for name, value in (e.split("=", 1) for e in environment)]
                    + [shlex.quote(c) for c in test.command])


def relevant(output, most=40):
    """The part of a test's output that says what failed."""
    lines = output.splitlines()
    pattern = re.compile(r": Failure$|(^|\s)FAILED:|error:|ERROR: |WARNING: ThreadSanitizer|assert|Assertion|terminate called")
    for number, line in enumerate(lines):
        if pattern.search(line):
            return lines[max(0, number - 2):number + most - 2]
    return lines[-most:]


def _failures(junit):
    try:
        root = xml.parse(junit).getroot()
    except (OSError, xml.ParseError):
        return []
    found = []
    for case in root.iter("testcase"):
        if case.get("status") == "fail":
            out = case.find("system-out")
            found.append((case.get("name"), out.text or "" if out is not None else ""))
    return found
