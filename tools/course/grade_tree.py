"""The grader's own copy of a stage: built once, then only what a student's regions change is compiled and linked anew.

build/grade/NN/slotK/{src/00_stage, tree}: one for each submission that is graded at the same time, and no two students share
an object: a task file is written whenever its text changes, so that it is newer than whatever was made from it, and while a
student's text is in, ccache may answer but not learn."""

import collections
import hashlib
import json
import os
import pathlib
import re
import secrets
import threading

from . import box, console, regions, trial
from .errors import CourseError

_GRADING = pathlib.Path(__file__).with_name("grading")
_INCLUDE = "\ninclude(${CMAKE_CURRENT_LIST_DIR}/grading/grading.cmake)\n"
_MIB = 1 << 20
# Above what any test of the course needs. Processes counts threads as well.
RUN = trial.Limits(wall=60, output=32 * _MIB, cpu=240, memory=3 << 30, address=16 << 30, processes=1000, file=64 * _MIB, files=65536)
# A compiler that does not come to an end takes processor time; the clock alone says nothing on a machine with other work.
COMPILE = trial.Limits(wall=900, cpu=60, address=4 << 30, file=512 * _MIB, files=4096)

# What the reference did in a declared test: {case: "passed" or "skipped"}, how it ended, how long it took.
Expected = collections.namedtuple("Expected", "cases ended seconds")


def hidden_tests(folder, tasks):
    """{file name: (path, task id)} of a teacher's own tests NN.x_*.cc for these tasks; other files go along (headers)."""
    found = {}
    if folder is None:
        return found
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise CourseError(f"{folder}: no folder of hidden tests is there")
    ids = {t.id for t in tasks}
    for path in sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")):
        match = re.match(r"(\d\d[a-z]?\.\d+)_\w.*\.cc$", path.name)
        if match and match.group(1) in ids:
            found[path.name] = (path, match.group(1))
        elif path.suffix in (".h", ".hpp", ".inc"):
            found[path.name] = (path, None)
    if not any(task for _, task in found.values()):
        raise CourseError(f"{folder}: no hidden test for {', '.join(sorted(ids))} (their names are like {sorted(ids)[0]}_more.cc)")
    return found


def hidden_spec(name):
    return "unit.hidden_" + re.sub(r"[^A-Za-z0-9]", "_", name)


class Stopped(Exception):
    """The command was stopped: what a build or a test says then means nothing."""


class Slot:
    """One copy with its tree. `stop`: set by who stops the command, so that nothing more is begun."""

    def __init__(self, repo, stage, tasks, number=0, hidden=None, seed=None, shut=()):
        self.repo, self.stage, self.tasks = repo, stage, tasks
        self.base = repo.root / "build" / "grade" / stage.number
        self.folder = self.base / f"slot{number}"
        self.source = self.folder / "src" / "00_stage"
        self.hidden = hidden or {}
        self.environment = {"COURSE_SEED": str(seed)} if seed is not None else {}
        walls = box.Box(hidden=[repo.root, *shut], visible=[self.source, self.folder / "tree"])
        self.tree = trial.Tree(repo, stage, self.source, self.folder / "tree", environment={"COURSE_SEED": None, "COURSE_EMPTIED": None},
                               box=walls, name=f"grade-{stage.number}-{number}")
        self.specs = {t.id: list(t.tests) + [hidden_spec(n) for n, (_, task) in self.hidden.items() if task == t.id] for t in tasks}
        self._reference = {f: (stage.path / f).read_text(encoding="utf-8") for f in sorted({t.file for t in tasks})}
        self.expected = {}
        self.stop = threading.Event()

    # -- the reference ------------------------------------------------------------------------------

    def _files(self):
        """{path: bytes} of all that the copy holds."""
        files = {p: (self.stage.path / p).read_bytes() for p in self.stage.files()}
        files["CMakeLists.txt"] += _INCLUDE.encode()
        for path in sorted(_GRADING.iterdir()):
            files[f"grading/{path.name}"] = path.read_bytes()
        for name, (path, _) in self.hidden.items():
            files[f"grading/hidden/{name}"] = path.read_bytes()
        return files

    def prepare(self, title):
        """The copy as the course has it, built. `fingerprint` says afterwards what it was made from."""
        files = self._files()
        digest = hashlib.sha256(repr(sorted((p, hashlib.sha256(b).hexdigest()) for p, b in files.items())).encode())
        digest.update(repr((sorted(self.specs.items()), self.environment, bool(box.bubblewrap()))).encode())
        self.fingerprint = digest.hexdigest()
        mark = self.folder / "built"
        fresh = mark.is_file() and mark.read_text(encoding="utf-8") == self.fingerprint and (self.tree.tree / "build.ninja").is_file()
        trial.fill(self.source, files, self.stage.path)
        if not fresh:
            mark.unlink(missing_ok=True)
            self.tree.configure()
        status = console.Status(title)
        built = self.tree.build(self._all_specs(), status)
        status.done(built.ok)
        if not built.ok:
            raise CourseError(f"the grader's copy of stage {self.stage.number} does not build (log: {built.log}):\n{built.first_error}")
        mark.write_text(self.fingerprint, encoding="utf-8")

    def _all_specs(self):
        return sorted({s for specs in self.specs.values() for s in specs})

    def learn(self):
        """What the tests have to report: their cases, as the reference passes them here."""
        file = self.base / f"reference-{self.fingerprint[:16]}.json"
        if file.is_file():
            saved = json.loads(file.read_text(encoding="utf-8"))
            self.expected = {spec: Expected(*entry) for spec, entry in saved.items()}
            return
        status = console.Status(f"stage {self.stage.number}: what the tests report of the reference")
        for spec in self._all_specs():
            status.update(spec)
            self.expected[spec] = self._learn(spec, tries=2)
        status.done()
        file.write_text(json.dumps(self.expected, indent=1), encoding="utf-8")

    def _learn(self, spec, tries):
        canary, outcome = self.run(spec, RUN)
        cases = dict(outcome.cases or {})
        told = cases.pop(_case(spec, canary), None)
        if told == "failed" and cases and "failed" not in cases.values() and outcome.ended.startswith("exit code"):
            return Expected(cases, outcome.ended, outcome.seconds)
        if tries > 1:
            return self._learn(spec, tries - 1)
        why = trial.failing(outcome._replace(cases=cases)) if told else f"without its report ({outcome.ended})"
        raise CourseError(f"{spec} does not pass with the course's own code here, so nothing can be graded by it: {why}\n"
                          + outcome.text[-2000:])

    # -- a student's regions --------------------------------------------------------------------------

    def place(self, taken):
        """`taken`: {task id: [lines of each of its regions]}; all other regions are the course's."""
        for file, text in self._reference.items():
            trial.put(self.source / file, with_regions(text, taken).encode("utf-8", "surrogateescape"))

    def text(self, file):
        return (self.source / file).read_text(encoding="utf-8", errors="surrogateescape")

    def build(self, task_ids):
        specs = sorted({s for i in task_ids for s in self.specs[i]})
        return self._unless_stopped(lambda: self.tree.build(specs, limits=COMPILE, environment={"CCACHE_READONLY": "1"}))

    def _unless_stopped(self, work):
        if self.stop.is_set():
            raise Stopped
        done = work()
        if self.stop.is_set():
            raise Stopped
        return done

    def run(self, spec, limits):
        """(name of the grader's own case, Outcome)."""
        canary = "Canary" + secrets.token_hex(6)
        also = f"{canary}.*" if spec.startswith("unit.") else canary
        environment = {**self.environment, "COURSE_CANARY": canary}
        return canary, self._unless_stopped(lambda: self.tree.run(spec, limits, environment=environment, also=also))

    def judge(self, spec):
        """(why the test does not count as passed, None when it does; Outcome)."""
        expected = self.expected[spec]
        wall = min(RUN.wall, 6 + 8 * expected.seconds) * crowd()
        canary, outcome = self.run(spec, RUN._replace(wall=round(wall, 1)))
        return verdict(spec, canary, outcome, expected), outcome


def crowd():
    """How many times longer things take now: more than two programs for each core share it."""
    return max(1.0, min(4.0, os.getloadavg()[0] / (2 * (os.cpu_count() or 1))))


def verdict(spec, canary, outcome, expected):
    """Nothing is believed from an exit code alone: the report has to name every case of the reference as run and passed,
    and the case that has to fail as failed."""
    if outcome.cases is None:
        return f"{spec}: ended without its report ({outcome.ended})"
    cases = dict(outcome.cases)
    told = cases.pop(_case(spec, canary), None)
    failed = [name for name, state in cases.items() if state == "failed"]
    if failed:
        return f"{spec}: {len(failed)} of {len(expected.cases)} cases failed: {failed[0]}"
    missing = [name for name, state in expected.cases.items() if cases.get(name) not in ("passed", state)]
    if missing:
        return f"{spec}: {len(missing)} of {len(expected.cases)} cases did not run: {missing[0]}"
    if told != "failed":
        return f"{spec}: the case that has to fail did not: its results are not believed"
    if outcome.ended != expected.ended:
        return f"{spec}: every case passed, but then it ended with {outcome.ended}"
    return None


def _case(spec, canary):
    return f"{canary}.HasToFail" if spec.startswith("unit.") else canary


def with_regions(text, taken):
    """The reference's text with these regions in place of its own."""
    lines, seen = text.splitlines(), collections.Counter()
    places = []
    for task, first, last in regions.student(text)[0]:
        if task in taken:
            places.append((first, last, taken[task][seen[task]]))
            seen[task] += 1
    for first, last, new in reversed(places):
        lines[first - 1:last] = new
    return "\n".join(lines) + "\n"
