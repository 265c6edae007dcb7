"""Builds and runs the tests of tasks beside the screen: in a thread that can be stopped when the student saves again."""

import collections
import errno
import os
import re
import threading

from . import process, trial, watch_link, watch_view
from .carry_plan import to_lf
from .errors import CourseError

# The outcome of one task. kind: "passed", "build" (text: the first errors), "test" (text: the first failure), "needs"
# (all is well but where a test came to the empty region of another task, which `spec` names), "trouble".
Result = collections.namedtuple("Result", "task kind spec text seconds")

_WALL = 60.0  # of one declared test


class Tree(trial.Tree):
    """The student's folder, built in build/watch/NN."""

    def __init__(self, work):
        root = work.repo.root
        super().__init__(work.repo, work.stage, work.path, root / "build" / "watch" / work.stage.number, name=f"watch-{work.stage.number}")
        self.short = watch_link.Short(self.tree)

    def build(self, specs, status=None, **more):
        """The short way where it is known; else the long one."""
        targets = list(dict.fromkeys(map(self.target, specs)))
        objects = self.short.objects(targets)
        if objects:
            made = self._logged(["cmake", "--build", str(self.tree), "--parallel", str(self.jobs), "--target", *objects], status)
            if made.code == 0 and self.short.link(targets):
                return trial.BuildResult(True, "", self.log, made.tail)
        # Also when something did not compile: it is at hand again at once, and all that is wrong is said.
        return super().build(specs, status, **more)

    def learn(self, specs):
        for target in dict.fromkeys(self.target(s) for s in specs if s.startswith("unit.")):  # scenarios start programs
            self.short.learn(target)

    def _launcher(self):
        return "" if os.name == "nt" else self.repo.root / "tools" / "cmake" / "stage-compile"

    def program(self, spec):
        path = super().program(spec)
        return path.with_suffix(".exe") if os.name == "nt" else path

    @property
    def configured(self):
        return (self.tree / "build.ninja").is_file()


class Runner:
    """One job at a time: the tasks, one after the other. What happens goes into `events`:
    ("phase", task, word, detail) and ("result", Result, digest), at the end ("idle",)."""

    def __init__(self, work, tree, learns=True):
        self.work, self.tree, self.learns = work, tree, learns
        self.events = collections.deque()
        self._thread = None
        self._prepared = set()  # ids of tasks whose programs were built
        self._stopped = threading.Event()

    @property
    def busy(self):
        return self._thread is not None and self._thread.is_alive()

    def start(self, tasks):
        self.stop()
        self.events.clear()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(list(tasks), self._stopped), daemon=True)
        self._thread.start()

    def stop(self):
        """Ends what runs; its outcome does not count."""
        self._stopped.set()
        while self.busy:
            process.stop_all()
            self._thread.join(0.1)

    def _run(self, tasks, stopped):
        def tell(*event):
            if not stopped.is_set():
                self.events.append(event)
        for task in tasks:
            if stopped.is_set():
                return
            try:
                digest = self.work.digest(task)
                result = self._task(task, tell, stopped)
            except CourseError as e:
                digest, result = None, Result(task, "trouble", "", str(e), 0.0)
            except OSError as e:
                digest, result = None, Result(task, "trouble", "", process.DISK_FULL if e.errno == errno.ENOSPC else str(e), 0.0)
            tell("result", result, digest)
        tell("idle",)
        if self.learns:
            self._prepare(tasks, stopped)

    def _prepare(self, tasks, stopped):
        """While the student reads and writes: what the next saves will need is built, the other tasks' programs, too."""
        for task in [*tasks, *(t for t in self.work.stage.tasks if t not in tasks and t.id not in self._prepared)]:
            try:
                if not stopped.is_set() and self.tree.build(task.tests).ok and not stopped.is_set():
                    self.tree.learn(task.tests)
                    self._prepared.add(task.id)
            except (CourseError, OSError):
                return  # when it matters it is said

    def _task(self, task, tell, stopped):
        tell("phase", task, "build", "")
        lines = sum(given_tests(self.work), [])
        if not self.tree.configured:
            tell("phase", task, "configure", "")
            self.tree.configure()
        result = self._tried(task, tell, stopped)
        return result._replace(text="\n".join(filter(None, [*lines, result.text])))

    def _tried(self, task, tell, stopped):
        built = self.tree.build(task.tests, _Progress(task, tell))
        if not built.ok:
            return Result(task, "build", "", built.first_error, 0.0)
        seconds, needs = 0.0, None
        for spec in task.tests:
            if stopped.is_set():
                break
            tell("phase", task, "run", spec)
            outcome = self.tree.run(spec, trial.Limits(wall=_WALL))
            seconds += outcome.seconds
            if not outcome.passed:
                text = first_failure(outcome)
                needed = re.search(r"task (\S+) is not written yet", text)
                if not needed or needed.group(1) == task.id:
                    return Result(task, "test", spec, text, seconds)
                needs = needs or Result(task, "needs", needed.group(1), text, seconds)
        return needs or Result(task, "passed", "", "", seconds)


def given_tests(work):
    """Brings back the tests that are gone. ([which, in a line each], [which were edited])"""
    back, edited = [], []
    for path, version in work.starter().items():
        file = work.path / path
        if not path.startswith("tests/"):
            continue
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(version.data)
            back.append(watch_view.T("test back", file=f"{work.name}/{path}"))
        elif to_lf(file.read_bytes()) != to_lf(version.data):
            edited.append(watch_view.T("test edited", file=f"{work.name}/{path}"))
    return back, edited


class _Progress:
    """In place of console.Status: where the build is."""

    def __init__(self, task, tell):
        self._task, self._tell = task, tell

    def update(self, line):
        step = re.match(r"\[(\d+/\d+)\]", line)
        if step:
            self._tell("phase", self._task, "build", step.group(1))

    def tick(self):
        pass


def first_failure(outcome):
    """All that the program said about the first case that failed, and how the run ended if that was not by itself."""
    lines = outcome.text.rstrip().splitlines()
    start = None
    for number, line in enumerate(lines):
        if line.startswith("[ RUN      ]"):
            start = number
        elif line.startswith("[  FAILED  ]") and start is not None:
            return "\n".join(lines[start:number + 1])
    if outcome.cases is None and start is not None:
        lines = lines[start:]  # it ended within a case
    elif outcome.cases is not None and start is None:
        lines = _paragraph(lines)
    if not outcome.ended.startswith("exit code"):
        lines.append(outcome.ended)
    return "\n".join(lines[:400]) or outcome.ended


def _paragraph(lines):
    """A scenario's failures stand one below the other, an empty line between them."""
    text = [l for l in lines]
    while text and not text[0].strip():
        text.pop(0)
    end = next((n for n, l in enumerate(text) if not l.strip()), len(text))
    return text[:end] or lines
