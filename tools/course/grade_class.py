"""`./course grade NN --all DIR`: a class. Several submissions at a time, each in a copy of its own; continues where it was
stopped: a submission whose content, and whose stage, tests and seed are as they were is not graded again."""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import queue
import shutil
import threading

from . import alike, build, console, grade_report, grade_tree, grading, process, submission, trial
from .errors import CourseError, UsageError
from .model import IGNORED_FOLDERS

_ENDINGS = {"text": ".txt", "gradescope": ".json", "junit": ".xml", "markdown": ".md", "csv": ".csv"}

_TABLE = "grades.csv"


def entries(folder):
    """[(name, path)] of the submissions: folders and zips; a zip keeps its ending where its name is another's, too, so that
    each has a report of its own."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no folder of submissions is there")
    found = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and (p.is_dir() or p.suffix.lower() == ".zip"))
    if not found:
        raise UsageError(f"{folder}: no submission is in there (folders and zips count)")
    taken = collections.Counter([*(p.name for p in found), *(p.stem for p in found if not p.is_dir())])
    return [(p.name if p.is_dir() or taken[p.stem] > 1 else p.stem, p) for p in found]


def content_digest(path):
    """Of the submission's files. Names and bytes; links by where they lead."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else []
    for folder, folders, names in os.walk(path) if path.is_dir() else ():
        folders[:] = sorted(f for f in folders if f not in IGNORED_FOLDERS and not f.startswith("."))
        files += [pathlib.Path(folder) / n for n in sorted(names)]
    for file in files:
        digest.update(str(file.relative_to(path)).encode("utf-8", "surrogateescape") + b"\0")
        if file.is_symlink():
            digest.update(b"link " + os.fsencode(os.readlink(file)))
        elif file.is_file():
            try:
                with open(file, "rb") as f:
                    while block := f.read(1 << 20):
                        digest.update(block)
            except OSError as e:  # whoever grades it says so
                digest.update(f"error {e.errno}".encode())
    return digest.hexdigest()


class _Class:
    """The run: what is done, and where it is kept."""

    def __init__(self, stage, tasks, args, out):
        self.stage, self.tasks, self.form, self.out = stage, tasks, args.format, out
        self.found = entries(args.folder)
        self.done, self.errors, self.lock = {}, [], threading.Lock()
        (out / ".state").mkdir(parents=True, exist_ok=True)

    def key(self, path, slot):
        return hashlib.sha256(f"{content_digest(path)} {slot.fingerprint}".encode()).hexdigest()

    def _state(self, name):
        return self.out / ".state" / f"{name}.json"

    def remembered(self, name, key):
        try:
            saved = json.loads(self._state(name).read_text(encoding="utf-8"))
            if saved["key"] != key or saved["tasks"] != [t.id for t in self.tasks]:
                return None
            graded = grading.Graded(*saved["graded"])
            return graded._replace(tasks=[grading.Task(*t) for t in graded.tasks])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def report(self, name):
        own = f"{name}{_ENDINGS[self.form]}"
        return self.out / (own if own != _TABLE else f"{name}.report.csv")

    def keep(self, name, key, graded):
        with self.lock:
            self.done[name] = graded
            self.report(name).write_text(grade_report.render(self.form, self.stage, graded), encoding="utf-8", errors="replace")
            state = json.dumps({"key": key, "tasks": [t.id for t in self.tasks], "graded": graded}, ensure_ascii=True)
            trial.put(self._state(name), state.encode())
            self.write_table()

    def write_table(self):
        rows = [grade_report.row(self.done[name]) for name, _ in self.found if name in self.done]
        (self.out / _TABLE).write_text(grade_report.csv_text([grade_report.columns(self.tasks), *rows]),
                                             encoding="utf-8", errors="replace")


def run(repo, stage, tasks, hidden, args):
    out = pathlib.Path(args.out) if args.out else repo.root / "build" / "grade" / stage.number / f"class-{pathlib.Path(args.folder).resolve().name}"
    group = _Class(stage, tasks, args, out)
    jobs = max(1, min(args.jobs or build.jobs(), len(group.found)))
    shut = [pathlib.Path(args.folder).resolve(), *([pathlib.Path(args.hidden).resolve()] if args.hidden else [])]
    slots, stop, first = queue.Queue(), threading.Event(), None
    for number in range(jobs):
        slot = grade_tree.Slot(repo, stage, tasks, number, hidden, args.seed, shut)
        slot.prepare(f"stage {stage.number}: the grader's copy {number + 1} of {jobs}")
        slot.learn()
        slot.stop = stop
        slot.tree.jobs = max(1, build.jobs() // jobs)
        first = first or slot
        slots.put(slot)
    todo = []
    for name, path in group.found:
        key = group.key(path, first)
        known = None if args.anew else group.remembered(name, key)
        if known:
            group.done[name] = known
        else:
            todo.append((name, path, key))
    if len(todo) < len(group.found):
        console.say(f"{len(group.found) - len(todo)} of {len(group.found)} have been graded before (--again grades all)")
    _work(group, todo, slots, jobs, stop)
    group.write_table()
    _tell(group)
    if args.format != "csv":
        for line in alike.report(stage, tasks, group.found):
            console.say(line)
    console.say(f"reports: {out}")
    return 1 if group.errors else 0


def _work(group, todo, slots, jobs, stop):
    status = console.Status(f"{len(todo)} submissions of stage {group.stage.number}")
    told = {}

    def one(name, path, key):
        slot = slots.get()
        try:
            def tick(text):
                told[name] = text
                status.update(f"{len(group.done)}/{len(group.found)} " + ", ".join(f"{n} {t}" for n, t in list(told.items())))
            graded = _grade(group, slot, name, path, tick)
            if graded:
                group.keep(name, key, graded)
                status.line(f"  {name}: {grading.score(graded)} of {grading.possible(graded)} ({console.elapsed(graded.seconds)})")
        finally:
            told.pop(name, None)
            slots.put(slot)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(one, *entry) for entry in todo]
        try:
            left = set(running)
            while left:  # with a time: Ctrl-C is seen between
                _, left = concurrent.futures.wait(left, 0.5)
                status.tick()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            process.stop_all()
            status.line(f"{len(group.done)} of {len(group.found)} are graded and kept; the same command goes on with the others")
            raise
        for future in running:
            future.result()  # a full disk and the like
    status.done(not group.errors)


def _grade(group, slot, name, path, tick):
    """Graded; None when the grader itself failed: one submission may not stop the class."""
    try:
        return grading.grade(slot, submission.read(path, group.stage, group.tasks, name), tick)
    except CourseError as e:
        if str(e) == process.DISK_FULL:
            raise
        nothing = [grading.Task(t.id, t.title, 0, t.points, "missing", "", "") for t in group.tasks]
        return grading.Graded(name, nothing, [], 0.0, 0.0, str(e))
    except OSError as e:
        if not shutil.disk_usage(group.out).free:
            raise
        group.errors.append((name, f"{e.strerror or e}: {e.filename or ''}"))
        return None


def _tell(group):
    header = grade_report.columns(group.tasks)
    console.say(console.table([grade_report.row(group.done[n]) for n, _ in group.found if n in group.done], header))
    for name, why in group.errors:
        console.warn(f"{name}: not graded: {why}")
    seconds = [g.seconds for g in group.done.values()]
    if seconds:
        console.say(f"longest submission: {console.elapsed(max(seconds))}")
