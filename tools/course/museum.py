"""`./course check --museum [NN] [NAME ...]`: every exhibit is seen to fail.

For each exhibit of course.toml: its patch goes into a copy of the stage (build/museum/NN/CONFIG, kept, so that only what differs
is compiled), the programs of its tests are built, and each of its tests has to fail in every run, within the time, and with the
words that `shows` asks for. A program that has printed its failure and then hangs, as a server does that cannot stop any
more, has failed, too. Before that, the same tests have to pass on the reference: otherwise a failure would prove nothing."""

import collections
import json
import re
import shutil

from . import console, ctest, exhibits, trial
from .errors import CourseError, UsageError

RUNS = 5
LIMITS = trial.Limits(wall=60.0)
CONFIGS = ("release", "asan", "tsan")
_FAILURE = b": Failure\n"  # so GoogleTest says it, at once
_REPORT = re.compile(r"\w+Sanitizer: [a-z-]+(?: race| leaks)?")
_NO_SEED = {"COURSE_SEED": None, "COURSE_EMPTIED": None}

# Of one exhibit: how many of its runs failed as they have to; how long the longest took; what the first said, or what is wrong.
Seen = collections.namedtuple("Seen", "failed runs seconds said problem")


def run(repo, args):
    """The command: all exhibits, or those of one stage, or the named ones of it."""
    from . import build, lock, packages
    stages = repo.select(args.names[:1])
    wanted = args.names[1:]
    known = {e.name for s in stages for e in s.exhibits}
    for name in wanted:
        if name not in known:
            raise UsageError(f"stage {stages[0].number} has no exhibit '{name}' (there are: {', '.join(sorted(known)) or 'none'})")
    chosen = {s: [e for e in s.exhibits if not wanted or e.name in wanted] for s in stages}
    needs = {p for s in chosen for e in chosen[s] for p in packages.for_stages(_config(e), [s], run=True)}
    packages.ensure(sorted(needs | set(packages.for_stages(build.native_config("release"), [], run=True))), args.yes)
    with lock.building(repo, args.again):
        problems = _see(repo, chosen, keep=bool(args.names))
    return 1 if problems else 0


def everything(repo):
    """As a slow check: (problems, notes)."""
    return _see(repo, {s: s.exhibits for s in repo.present()}, keep=False), []


def _see(repo, chosen, keep):
    """`keep`: the trees, for the next run; those of all stages would take gigabytes."""
    rows, problems = [], []
    for stage, wanted in chosen.items():
        for config in dict.fromkeys(_config(e) for e in wanted):
            hall = Hall(repo, stage, config)
            for exhibit, seen in hall.see([e for e in wanted if _config(e) == config]):
                rows.append((stage.number, exhibit.name, config, f"{seen.failed} of {seen.runs}", f"{seen.seconds:.1f} s", seen.problem or seen.said))
                if seen.problem:
                    problems.append(f"tools/museum/{stage.number}/{exhibit.name}.patch: {seen.problem}")
            if not keep:
                shutil.rmtree(hall.folder, ignore_errors=True)
    console.say()
    console.say(console.table(rows, ("stage", "exhibit", "build", "failed", "longest", "what it said")))
    console.say(f"{len(rows) - len(problems)} of {len(rows)} exhibits seen to fail, {RUNS} runs of {RUNS}")
    for problem in problems:
        console.say(f"  {problem}")
    return problems


def _config(exhibit):
    if exhibit.config not in CONFIGS:
        raise CourseError(f"course.toml: exhibit {exhibit.name}: config is '{exhibit.config}'; it may be {', '.join(CONFIGS)}")
    return exhibit.config


def options(repo, config):
    """What CMake is told for the configuration: the preset's variables."""
    presets = json.loads((repo.root / "CMakePresets.json").read_text(encoding="utf-8"))["configurePresets"]
    preset = next(p for p in presets if p["name"] == config)
    return [f"-D{name}={value}" for name, value in preset["cacheVariables"].items()] + ["-DCOURSE_FUZZERS=OFF"]


class Hall:
    """The exhibits of one stage in one configuration: they share a copy and its tree."""

    def __init__(self, repo, stage, config):
        self.repo, self.stage, self.config = repo, stage, config
        self.folder = repo.root / "build" / "museum" / stage.number / config
        self.source = self.folder / "src" / "00_stage"
        environment = dict(entry.split("=", 1) for entry in ctest.SANITIZER_ENV.get(config, []))
        self.tree = trial.Tree(repo, stage, self.source, self.folder / "tree", options=options(repo, config) if config != "release" else (),
                               environment={**_NO_SEED, **environment}, name=f"museum-{stage.number}-{config}",
                               before=ctest.without_aslr() if config == "tsan" else ())
        self._reference = {p: (stage.path / p).read_bytes() for p in stage.files()}
        self._good = {}  # what is wrong with (test, environment) on the reference; None: nothing

    def see(self, wanted):
        """(exhibit, Seen) of each."""
        trial.fill(self.source, self._reference, self.stage.path)
        self.tree.configure()
        title = f"stage {self.stage.number}, {self.config}"
        status = console.Status(f"{title}: the reference")
        built = self.tree.build([spec for e in wanted for spec in e.tests], status)
        if not built.ok:
            status.done(False)
            raise CourseError(f"stage {self.stage.number} does not build as {self.config} (log: {built.log}):\n{built.first_error}")
        for exhibit in wanted:
            for spec in exhibit.tests:
                status.update(spec)
                self._learn(spec, exhibit.env)
        status.done()
        for exhibit in wanted:
            status = console.Status(f"{title}: {exhibit.name}")
            seen = self._exhibit(exhibit, status)
            status.done(not seen.problem, seen.problem or seen.said)
            yield exhibit, seen

    def _learn(self, spec, env):
        key = (spec, tuple(sorted(env.items())))
        if key not in self._good:
            outcome = self.tree.run(spec, LIMITS, env)
            self._good[key] = None
            if not outcome.passed:
                self._good[key] = f"{spec} does not pass on the reference: {trial.failing(outcome)}"
            elif "passed" not in (outcome.cases or {}).values():
                self._good[key] = f"{spec} runs no case"
        return self._good[key]

    def _exhibit(self, exhibit, status):
        wrong = next((w for w in (self._learn(s, exhibit.env) for s in exhibit.tests) if w), None)
        if wrong:
            return Seen(0, 0, 0.0, "", wrong)
        changed = {path: text.encode("utf-8") for path, text in exhibits.files(self.repo, self.stage, exhibit.name).items()}
        trial.fill(self.source, {**self._reference, **changed}, self.stage.path)
        built = self.tree.build(exhibit.tests, status)
        if not built.ok:
            return Seen(0, 0, 0.0, "", "does not compile: " + next((l for l in built.lines if "error" in l), f"log: {built.log}").strip())
        failed, longest, said = 0, 0.0, ""
        for number in range(RUNS):
            for spec in exhibit.tests:
                status.update(f"run {number + 1} of {RUNS}: {spec}")
                outcome = self.tree.run(spec, LIMITS, exhibit.env, enough=_FAILURE)
                longest = max(longest, outcome.seconds)
                survived = _survived(exhibit, spec, outcome)
                if survived:
                    self._keep(outcome)
                    return Seen(failed, number + 1, longest, "", survived)
                said = said or _said(outcome)
            failed += 1
            if number == 0:
                self._keep(outcome)
        return Seen(failed, RUNS, longest, said, "")

    def _keep(self, outcome):
        """What the run printed, behind what the compiler did: for who wants to know why."""
        with open(self.tree.log, "a", encoding="utf-8") as log:
            log.write(outcome.text)


def _said(outcome):
    report = _REPORT.search(outcome.text)
    return report.group(0) if report else trial.failing(outcome)


def _survived(exhibit, spec, outcome):
    """Why the run does not count as failed for the exhibit's reason; None when it does."""
    if outcome.passed:
        return f"{spec} passes although the mistake is in"
    if outcome.ended.startswith("no end"):
        return f"{spec}: {outcome.ended}; it has to fail by itself"
    if exhibit.shows and exhibit.shows not in outcome.text:
        return f"{spec} fails, but does not say '{exhibit.shows}': {trial.failing(outcome)}"
    return None
