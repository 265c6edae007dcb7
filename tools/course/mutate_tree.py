"""A stage's copy in build/mutate/NN whose step files have all their mutants behind switches, and the tests that try them.

The rest of the copy is the reference's text: ccache has its objects. A mutant that does not compile is found by the place of
the compiler's error and left out; one that compiles, but not as a switch, is compiled alone."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import box, build, closure, console, ctest, grade_tree, mutate_schema, process, trial
from .errors import CourseError
from .text import TEXT

_PLACE = re.compile(r"(?:In file included from |\s+from )?(\S+?):(\d+):(\d+)[:,]")
_ROUNDS = 12  # of leaving out what does not compile
_LIMITS = trial.Limits(output=32 << 20, memory=4 << 30, processes=2000, file=64 << 20)


class _Fence(box.Box):
    """Limits around a mutant: it may loop and eat memory, but it does not want to get out."""

    def __init__(self, folder, prefix):
        super().__init__()
        self._folder, self._prefix = folder, prefix

    def guard(self, command, private, limits, environment):
        fence = [shutil.which("prlimit"), "--core=0", f"--cpu={limits.cpu}", f"--fsize={limits.file}"] if shutil.which("prlimit") else []
        # What a test that is ended leaves behind goes with its folder.
        return _Guard([*fence, *self._prefix, *command], {**environment, "TMPDIR": str(private)}, self._folder, private, limits)


class _Guard(box.Guard):
    def end(self, child):
        process.kill(child)


class Tree:
    """`config`: "release" or "tsan". `settled`: what earlier runs have found of the texts, and this one adds: {key of a mutant: "broken" or "alone",
    mark of a text with switches: "good"}."""

    def __init__(self, repo, stage, mutants, settled, config="release"):
        self.repo, self.stage, self.config, self.settled = repo, stage, config, settled
        base = repo.root / "build" / "mutate" / stage.number
        self.source, self.folder = base / config / "src" / "00_stage", base / config / "tree"
        options, environment, prefix = [], {"COURSE_SEED": "1", "GTEST_FAIL_FAST": "1"}, []
        if config == "tsan":
            options = [f"-D{name}={value}" for name, value in _preset(repo, config).items()] + ["-DCOURSE_FUZZERS=OFF"]
            environment.update(setting.split("=", 1) for setting in ctest.SANITIZER_ENV.get(config, []))
            prefix = ctest.without_aslr()
        self.tree = trial.Tree(repo, stage, self.source, self.folder, options, environment, _Fence(self.folder, prefix),
                               f"mutate-{stage.number}-{config}")
        self.files = {}
        for mutant in mutants:
            self.files.setdefault(mutant.file, []).append(mutant)
        self._model, self._programs = None, {}

    # -- the text ------------------------------------------------------------------------------------

    def switched(self, mutant):
        """Is it one of those behind a switch here?"""
        return mutant.key not in self.settled and (self.config == "tsan" or mutant.operator != "order")

    def _schema(self, file):
        mutants = self.files[file]
        return mutate_schema.Schema(mutants[0].text, {m.number: m.point for m in mutants if self.switched(m)})

    def prepare(self, wanted):
        """The copy, with switches in the files of these mutants (and where they are already), configured."""
        files = {path: (self.stage.path / path).read_bytes() for path in self.stage.files()}
        for file in self.files:
            text = self._schema_text(file)
            there = self.source / file
            if any(m.file == file for m in wanted) or there.is_file() and there.read_bytes() == text:
                files[file] = text
        files[mutate_schema.HEADER] = pathlib.Path(__file__).with_name(mutate_schema.HEADER).read_bytes()
        for path in [p for p in self.source.rglob("*") if p.is_file()] if self.source.is_dir() else ():
            if path.relative_to(self.source).as_posix() not in files:
                path.unlink()
        for path, content in files.items():
            trial.put(self.source / path, content)
            if (self.stage.path / path).is_file():
                shutil.copymode(self.stage.path / path, self.source / path)
        query = self.folder / ".cmake" / "api" / "v1" / "query" / "codemodel-v2"
        query.parent.mkdir(parents=True, exist_ok=True)
        query.touch()
        self.tree.configure()
        self._model = closure.Model(_Place(self.source, self.folder), self.config)
        self._syntax(list(dict.fromkeys(m.file for m in wanted)))

    def _schema_text(self, file):
        schema = self._schema(file)
        for mutant in self.files[file]:
            if mutant.number in schema.left_out:
                self.settled[mutant.key] = "alone"
        return schema.text.encode("utf-8", "surrogateescape")

    def _write(self, file):
        trial.put(self.source / file, self._schema_text(file))

    # -- what does not compile -----------------------------------------------------------------------

    def compiles(self, file):
        """(Does the file compile, warnings apart? what the compiler says). True, too, where it cannot be said yet: a
        generated header is missing."""
        compiler = shutil.which("clang++" if self.config == "tsan" else "g++") or "c++"
        out = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-w", f"-I{self.source}", f"-I{self.source / 'src'}",
                              f"-I{self.folder / 'generated'}", "-x", "c++", str(self.source / file)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
        missing = re.search(r"fatal error: .*(No such file|file not found)", out.stdout)
        return out.returncode == 0 or missing is not None, out.stdout.splitlines()

    def _mark(self, file):
        """The name under which `settled` knows that this very text compiles."""
        text = (self.source / file).read_bytes()
        return f"text {self.config} {file} {hashlib.sha256(text).hexdigest()[:20]}"

    def _syntax(self, files):
        files = [f for f in files if self._mark(f) not in self.settled]
        if not files:
            return
        status = console.Status(f"stage {self.stage.number}: {len(files)} files with switches, read by the compiler")
        with concurrent.futures.ThreadPoolExecutor(build.jobs()) as pool:
            for _ in pool.map(self._mend, files):
                status.tick()
        status.done()

    def _mend(self, file):
        for _ in range(_ROUNDS):
            good, lines = self.compiles(file)
            if good:
                self.settled[self._mark(file)] = "good"
            if good or not self._leave_out(lines):
                return
            self._write(file)
            if not file.endswith(".h"):  # the build looks again; with a header it would compile much in vain
                return

    def _leave_out(self, lines):
        """Takes out the mutants that these errors come from; False when none of them is to blame."""
        found = {}
        errors = [n for n, line in enumerate(lines) if re.search(r"\berror:", line)]
        for number, n in enumerate(errors):
            start = errors[number - 1] + 1 if number else 0
            end = errors[number + 1] if number + 1 < len(errors) else len(lines)
            # The error's own line; what led to it (instantiations) before it; notes behind it.
            for line in [n, *range(n - 1, start - 1, -1), *range(n + 1, min(end, n + 30))]:
                blamed = self._blamed(lines[line])
                if blamed:
                    found.update(blamed)
                    break
        self.settled.update(found)
        return bool(found)

    def _blamed(self, line):
        """{key: "broken" or "alone"} of the mutants at the place that a line of the compiler names."""
        match = _PLACE.match(line)
        if not match:
            return {}
        path = re.sub(r"^.*?(?:\.view/[^/]+|src/00_stage)/", "", os.path.normpath(match.group(1)))
        if path not in self.files:
            return {}
        schema = self._schema(path)
        numbers, broken = schema.blamed(int(match.group(2)), int(match.group(3)))
        if not numbers:
            numbers = schema.on_line(int(match.group(2)))
        return {m.key: "broken" if broken else "alone" for m in self.files[path] if m.number in numbers}

    def build(self, specs, status=None):
        for _ in range(_ROUNDS):
            built = self.tree.build(specs, status)
            if built.ok:
                self.settled.update((self._mark(f), "good") for f in self.files if self._has_switches(f))
                return
            if not self._leave_out(built.lines):
                raise CourseError(f"the copy of stage {self.stage.number} with switches does not build (log: {built.log}):\n{built.first_error}")
            for file in filter(self._has_switches, self.files):
                self._write(file)

    def _has_switches(self, file):
        return (self.source / file).read_bytes().startswith(f'#include "{mutate_schema.HEADER}"'.encode())

    # -- the tests -----------------------------------------------------------------------------------

    def including(self, file):
        """The unit tests in whose program the file is, but for the slow ones."""
        path, found = str(self.source / file), []
        for name, _, short in self._model.tests():
            if name not in self._programs:
                self._programs[name] = self._model.sources(name)
            if short.startswith("unit_") and path in self._programs[name]:
                found.append("unit." + short[len("unit_"):])
        slow = self._slow() if found else ()
        return [spec for spec in found if spec not in slow]

    def _slow(self):
        out = subprocess.run(["ctest", "--test-dir", str(self.folder), "--show-only=json-v1", "-L", "slow"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, **TEXT, check=False)
        return {t["name"].partition(".")[2] for t in json.loads(out.stdout or '{"tests": []}')["tests"]}

    def reach(self, spec):
        """(numbers of the mutants that the test reaches, its seconds, why it does not pass: "" when it does)."""
        most = max(m.number for mutants in self.files.values() for m in mutants) + 1
        with tempfile.NamedTemporaryFile(prefix="course-mutants-") as seen:
            seen.truncate(most)
            limits = _LIMITS._replace(wall=300, cpu=600)
            outcome = self.tree.run(spec, limits, environment={"COURSE_MUTANT": "0", "COURSE_MUTANTS_SEEN": seen.name})
            marks = pathlib.Path(seen.name).read_bytes()
        numbers = {n for n, mark in enumerate(marks) if mark}
        return numbers, outcome.seconds, "" if outcome.passed else trial.failing(outcome) + "\n" + outcome.text[-1500:]

    def run(self, spec, number, seconds):
        """The Outcome of the test with this mutant in force; `seconds`: what it takes without."""
        wall = round((4 + 5 * seconds) * grade_tree.crowd(), 1)
        limits = _LIMITS._replace(wall=wall, cpu=int(4 + 4 * seconds))
        return self.tree.run(spec, limits, environment={"COURSE_MUTANT": str(number)})

    def alone(self, mutant):
        """Puts this mutant, and no other, into its file; False when that is known not to compile."""
        changed = mutate_schema.plainly(mutant.text, mutant.point)
        trial.put(self.source / mutant.file, changed.encode("utf-8", "surrogateescape"))
        return not mutant.file.endswith(".h") or self.compiles(mutant.file)[0]

    def back(self, mutant):
        self._write(mutant.file)


class _Place:
    """What closure.Model has to know of a course: here one stage, at a place of its own."""

    def __init__(self, source, tree):
        self.root, self.stages = source, {}
        self.tree = lambda config: tree


def _preset(repo, config):
    presets = json.loads((repo.root / "CMakePresets.json").read_text(encoding="utf-8"))["configurePresets"]
    return next(p["cacheVariables"] for p in presets if p["name"] == config)
