"""Tries mutants by the tests: first those that course.toml names for the file's steps and tasks, then the other unit tests
whose program has the file in it. The first failure ends a mutant; results are kept in build/mutate/NN.json as they come."""

import concurrent.futures
import hashlib
import json
import pathlib
import threading
import time

from . import console, lesson, mutate_tree, process, trial
from .errors import CourseError

LONG = 20.0  # seconds: a test that course.toml does not name for the file is left out when it takes longer

# States of a result. Counted: killed, survived. Beside them: "equivalent" (its reason is in tools/mutants), "broken" (it does
# not compile), "order" (waits for --with tsan), "open" (not tried yet).
COUNTED = ("killed", "survived")


class Book:
    """The results: {key: {"id", "state", "by", "how", "passed", "config"}}, kept in a file."""

    def __init__(self, file, mutants, digest):
        self.file, self.digest, self.lock = file, digest, threading.Lock()
        self.results, self.settled = {}, {}
        keys = {m.key for m in mutants}
        try:
            saved = json.loads(file.read_text(encoding="utf-8"))
            self.results = {k: v for k, v in saved["results"].items() if k in keys}
            self.settled = {k: v for k, v in saved["settled"].items() if k in keys or k.startswith("text ")}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass

    def start(self, mutants, resume):
        """What is known of these mutants is forgotten; with `resume` only what may be different now: a survivor may meet
        tests that were changed."""
        for mutant in mutants:
            result = self.results.get(mutant.key, {})
            if not resume or result.get("state") == "survived" and result.get("digest") != self.digest:
                self.results.pop(mutant.key, None)

    def state(self, mutant):
        if mutant.why:
            return "equivalent"
        if self.settled.get(mutant.key) == "broken":
            return "broken"
        state = self.results.get(mutant.key, {}).get("state", "open")
        return "order" if state == "open" and mutant.operator == "order" else state

    def get(self, mutant):
        return self.results.get(mutant.key, {})

    def passed(self, mutant, spec, config, reached=True):
        """The mutant has survived this test, or is not reached by it."""
        with self.lock:
            result = self.results.setdefault(mutant.key, {"id": mutant.id, "state": "open", "digest": self.digest})
            result.setdefault("passed", []).append(f"{config} {spec}")
            result["reached"] = reached or result.get("reached", False)

    def has_passed(self, mutant, spec, config):
        return f"{config} {spec}" in self.get(mutant).get("passed", ())

    def keep(self, mutant, state, by="", how="", config="release"):
        with self.lock:
            known = {key: self.get(mutant)[key] for key in ("passed", "reached") if key in self.get(mutant)}
            self.results[mutant.key] = {"id": mutant.id, "state": state, "by": by, "how": how, "config": config, "digest": self.digest, **known}

    def save(self):
        with self.lock:
            data = json.dumps({"results": self.results, "settled": self.settled}, indent=0, sort_keys=True)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            trial.put(self.file, data.encode("utf-8", "surrogateescape"))


def digest(stage):
    """Of all files of the stage: a survivor is tried again when one has changed."""
    found = hashlib.sha256()
    for path in stage.files():
        if not path.endswith(".md"):
            found.update(path.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256((stage.path / path).read_bytes()).digest())
    return found.hexdigest()[:20]


def declared(stage, file):
    """The tests that course.toml names for the steps that read the file, and for its tasks; those of a whole program stand
    for their filtered ones."""
    specs = [t for step, _ in lesson.of(stage).readings(file) for t in step.tests]
    specs = list(dict.fromkeys(specs + [t for task in stage.tasks if task.file == file for t in task.tests]))
    return [s for s in specs if ":" not in s or s.partition(":")[0] not in specs]


class Run:
    """One command's work. `say`: prints a line above the progress (--id); None: nothing but the progress."""

    def __init__(self, repo, stage, all_mutants, wanted, book, jobs, config="release", say=None):
        self.repo, self.stage, self.book, self.jobs, self.config, self.say = repo, stage, book, jobs, config, say
        self.bench = mutate_tree.Tree(repo, stage, all_mutants, book.settled, config)
        self.wanted = wanted
        self.stop = threading.Event()
        self.reached, self.seconds, self.unfit = {}, {}, {}

    def alive(self):
        """What is still to be killed here; ThreadSanitizer gets what has survived without it, too."""
        if self.config == "tsan":
            return [m for m in self.wanted if self.book.state(m) in ("open", "order")
                    or self.book.state(m) == "survived" and self.book.get(m).get("config") != "tsan"]
        return [m for m in self.wanted if self.book.state(m) == "open"]

    def run(self):
        try:
            self._run()
        finally:
            self.book.save()

    def _run(self):
        if not self.alive():
            return
        self.bench.prepare(self.alive())
        files = list(dict.fromkeys(m.file for m in self.alive()))
        first = {f: [s for s in declared(self.stage, f) if self.config != "tsan" or s.startswith("unit.")] for f in files}
        self._round("the tests of their steps", first)
        left = list(dict.fromkeys(m.file for m in self.alive()))
        whole = {f: {s for s in first[f] if ":" not in s} for f in left}
        self._round("other tests with these files", {f: [s for s in self.bench.including(f) if s not in whole[f]] for f in left}, LONG)
        self._alone({f: first[f] for f in files})
        for mutant in self.alive():
            self.book.keep(mutant, "survived", how="" if self.book.get(mutant).get("reached") else "no test comes here", config=self.config)

    # -- one round of tests ---------------------------------------------------------------------------

    def _round(self, title, specs_of, longest=None):
        alive = [m for m in self.alive() if self.bench.switched(m)]
        open_specs = {}  # spec -> mutants that it has not been tried with
        for mutant in alive:
            for spec in specs_of.get(mutant.file, ()):
                if not self.book.has_passed(mutant, spec, self.config):
                    open_specs.setdefault(spec, []).append(mutant)
        if not open_specs:
            return
        status = console.Status(f"stage {self.stage.number} {self.config}: build for {title} ({len(open_specs)})")
        self.bench.build(sorted(open_specs), status)
        status.done()
        self._learn(sorted(s for s in open_specs if s not in self.reached), longest)
        work = []
        for mutant in alive:
            if self.book.state(mutant) == "broken":
                continue
            mine = [s for s in specs_of.get(mutant.file, ()) if mutant in open_specs.get(s, ()) and s not in self.unfit]
            for spec in mine:
                if mutant.number not in self.reached[spec]:
                    self.book.passed(mutant, spec, self.config, reached=False)
            mine = [s for s in mine if mutant.number in self.reached[s]]
            if mine:
                work.append((mutant, sorted(mine, key=lambda s: (s.startswith("scenario."), self.seconds[s]))))
        self._try(work, title)

    def _learn(self, specs, longest):
        """What each test reaches, and how long it takes."""
        status = console.Status(f"stage {self.stage.number} {self.config}: what {len(specs)} tests reach")
        for spec in specs:
            status.update(spec)
            for attempt in (1, 2):
                numbers, seconds, wrong = self.bench.reach(spec)
                if not wrong:
                    break
            if wrong and longest is None:
                raise CourseError(f"{spec} does not pass without any mutant, so nothing can be learnt from it: {wrong}")
            if wrong or longest is not None and seconds > longest:
                self.unfit[spec] = wrong.splitlines()[0] if wrong else f"takes {seconds:.0f} s"
            self.reached[spec], self.seconds[spec] = numbers, seconds
            if self.say:
                self.say(f"  {spec}: {seconds:.1f} s without a mutant")
        status.done()

    def _try(self, work, title):
        if not work:
            return
        status = console.Status(f"stage {self.stage.number} {self.config}: {len(work)} mutants, {title}")
        start, done, killed = time.monotonic(), 0, 0

        def one(mutant, specs):
            for spec in specs:
                if self.stop.is_set():
                    return None
                outcome = self.bench.run(spec, mutant.number, self.seconds[spec])
                if self.stop.is_set():
                    return None
                if self._judge(mutant, spec, outcome):
                    return True
            return False

        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            running = [pool.submit(one, *entry) for entry in work]
            try:
                left = set(running)
                while left:  # with a time: Ctrl-C is seen between
                    ended, left = concurrent.futures.wait(left, 0.5, concurrent.futures.FIRST_COMPLETED)
                    done += len(ended)
                    killed += sum(bool(f.result()) for f in ended)
                    rest = (time.monotonic() - start) / done * (len(work) - done) if done else 0
                    status.update(f"{done}/{len(work)}, {killed} killed" + (f", about {console.elapsed(rest)} left" if done else ""))
                    if ended:
                        self.book.save()
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                process.stop_all()
                raise
        status.done(note=f"{killed} of {len(work)} killed")

    def _judge(self, mutant, spec, outcome):
        """Keeps what the test says; True: the mutant is dead."""
        how = trial.failing(outcome)
        if self.config == "tsan" and "WARNING: ThreadSanitizer" in outcome.text:
            how = next(l for l in outcome.text.splitlines() if "WARNING: ThreadSanitizer" in l).partition("ThreadSanitizer: ")[2].split(" (")[0]
        if self.say:
            self.say(f"  {spec}: {'passes' if outcome.passed else how} ({outcome.seconds:.1f} s)")
            if not outcome.passed:
                self.say("\n".join("    " + l for l in outcome.text.strip().splitlines()[-25:]))
        if outcome.passed:
            self.book.passed(mutant, spec, self.config)
            return False
        self.book.keep(mutant, "killed", spec, how, self.config)
        return True

    # -- what is no expression of a function's body ------------------------------------------------------

    def _alone(self, specs_of):
        """Each compiled by itself: constants, and what a switch would change the type of."""
        todo = [m for m in self.alive() if self.book.settled.get(m.key) == "alone"]
        if not todo:
            return
        status = console.Status(f"stage {self.stage.number} {self.config}: {len(todo)} mutants that are compiled alone")
        for number, mutant in enumerate(todo, 1):
            status.update(f"{number}/{len(todo)} {mutant.id}")
            try:
                if not self.bench.alone(mutant):
                    self.book.settled[mutant.key] = "broken"
                    continue
                specs = [s for s in specs_of[mutant.file] if not self.book.has_passed(mutant, s, self.config)]
                built = self.bench.tree.build(specs) if specs else None
                if built and not built.ok:
                    self.book.settled[mutant.key] = "broken"
                    continue
                for spec in specs:
                    if spec not in self.seconds:
                        self.seconds[spec] = self.bench.reach(spec)[1]
                    if self._judge(mutant, spec, self.bench.run(spec, 0, self.seconds[spec])):
                        break
            finally:
                self.bench.back(mutant)
                self.book.save()
        status.done()


def results_file(repo, stage):
    return pathlib.Path(repo.root) / "build" / "mutate" / f"{stage.number}.json"
