"""The course as data: the repository, its stages, and what course.toml says about them."""

import copy
import difflib
import os
import pathlib
import re
import shutil
import subprocess

from .errors import CourseError, UsageError
from . import globs

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

IGNORED_FOLDERS = {".git", ".course", "build", "work", "var", "node_modules", "__pycache__", ".cache", ".vs", ".vscode"}


_TASK_KEYS = {"id": str, "title": str, "points": int, "file": str, "tests": list}
_TASK_OPTIONS = {"title_ko": str, "kind": str, "exhibit": str}
_EXHIBIT_KEYS = {"name": str, "title": str, "title_ko": str, "tests": list}
_EXHIBIT_OPTIONS = {"config": str, "shows": str, "env": dict}


def _hold_to(where, data, needed, optional):
    """The table has the keys that it needs, and each key holds what it may hold."""
    for key, kind in {**needed, **optional}.items():
        if key not in data:
            if key in needed:
                raise CourseError(f"{where} has no '{key}'")
        elif not isinstance(data[key], kind) or kind is not str and kind is not int and not all(isinstance(v, str) for v in _values(data[key])):
            wanted = {str: "a text", int: "a number", list: 'a list of texts, as ["unit.send_queue"]', dict: 'a table of texts, as { COURSE_SEED = "7" }'}[kind]
            raise CourseError(f"{where}: '{key}' must be {wanted}")


def _values(held):
    return held.values() if isinstance(held, dict) else held


class Task:
    """One thing that the student writes: the regions `// <student ID>` of one file of the stage.

    Its text is the page notes/LANGUAGE/tasks/ID.md, see taskpage.py."""

    def __init__(self, stage, data):
        self.id = data.get("id", "no id")
        _hold_to(f"course.toml: a task of stage {stage} ({self.id})", data, _TASK_KEYS, _TASK_OPTIONS)
        self.stage = stage
        self.title = data["title"]
        self.title_ko = data.get("title_ko", "")
        self.points = data["points"]
        self.file = data["file"]
        self.tests = list(data["tests"])
        self.kind = data.get("kind", "")          # "bug": its region begins with the exhibit's mistake
        self.exhibit = data.get("exhibit", "")    # tools/museum/NN/EXHIBIT.patch
        self.unknown = [k for k in data if k not in {**_TASK_KEYS, **_TASK_OPTIONS}]

    @property
    def is_bug(self):
        return self.kind == "bug"

    @property
    def part(self):
        """"07a" of 07a.1; "" in a stage without parts."""
        match = re.match(r"(\d\d[a-z])\.", self.id)
        return match.group(1) if match else ""

    def name(self, language):
        return (self.title_ko or self.title) if language == "ko" else self.title


class Exhibit:
    """A classic mistake: tools/museum/NN/NAME.patch puts it into the stage, its tests then fail.

    Its text is the page notes/LANGUAGE/museum/NN-NAME.md, see check_museum.py."""

    def __init__(self, stage, data):
        self.name = data.get("name", "no name")
        _hold_to(f"course.toml: an exhibit of stage {stage} ({self.name})", data, _EXHIBIT_KEYS, _EXHIBIT_OPTIONS)
        self.stage = stage
        self.title = {"en": data["title"], "ko": data["title_ko"]}
        self.tests = list(data["tests"])
        self.config = data.get("config", "release")   # the build in which it shows: release, asan, tsan
        self.shows = data.get("shows", "")            # words of what the failing test prints, where failing alone proves too little
        self.env = dict(data.get("env", {}))
        self.unknown = [k for k in data if k not in {**_EXHIBIT_KEYS, **_EXHIBIT_OPTIONS}]

    def page(self, language):
        return f"notes/{language}/museum/{self.stage}-{self.name}.md"


class Stage:
    """One stage folder and its table in course.toml."""

    def __init__(self, repo, number, data):
        self.repo = repo
        self.number = number
        self.data = data
        self.folder = data.get("folder", "")
        self.path = repo.root / self.folder
        self.title = data.get("title", "")
        self.title_ko = data.get("title_ko", "")
        self.concept = data.get("concept", "")
        self.concept_ko = data.get("concept_ko", "")
        self.new = dict(data.get("new", {}))
        self.changed = dict(data.get("changed", {}))
        self.removed = dict(data.get("removed", {}))
        self.renamed = dict(data.get("renamed", {}))
        self.retired = dict(data.get("retired", {}))
        self.budget = data.get("budget", repo.default_budget)
        self.budget_reason = data.get("budget_reason", "")
        self.points = data.get("points", 0)
        self.tasks = [Task(number, t) for t in data.get("task", [])]
        self.exhibits = [Exhibit(number, e) for e in data.get("exhibit", [])]
        self.demo = data.get("demo", {})
        self.mine = False  # a student's work folder is meant, see Repo.use_work
        self.part = ""     # "07b": only this part's tasks are meant, see Repo.find_part

    @property
    def parts(self):
        """The parts that have tasks, in order; none in a stage without parts."""
        return sorted({t.part for t in self.tasks if t.part})

    @property
    def name(self):
        """What a command calls it: "07", or "07b"."""
        return self.part or self.number

    def of_parts(self, parts):
        """The stage as if it had the tasks of these parts only; the error names those that there are."""
        unknown = [p for p in parts if p not in self.parts]
        if unknown:
            there = f" (there are: {', '.join(self.parts)})" if self.parts else ""
            raise UsageError(f"stage {self.number} has no part {unknown[0]} with tasks{there}")
        cut = copy.copy(self)
        cut.tasks = [t for t in self.tasks if t.part in parts]
        cut.part = parts[0] if len(parts) == 1 else ""
        return cut

    @property
    def present(self):
        """A stage counts as there when it can be built."""
        return bool(self.folder) and (self.path / "CMakeLists.txt").is_file()

    def files(self):
        """Paths of the stage's files relative to its folder, sorted; build output does not count."""
        if self.mine:
            return walk(self.path)
        prefix = self.folder + "/"
        return sorted(p[len(prefix):] for p in self.repo.files() if p.startswith(prefix))

    def lesson_files(self):
        """files() without those that each stage writes for itself (the lesson card)."""
        return [f for f in self.files() if not globs.first_match(self.repo.own_files, f)]


class Repo:
    """The working copy. `root` holds course.toml."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self._files = None
        self.mine = False
        file = self.root / "course.toml"
        try:
            self.data = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CourseError(f"{file} is missing") from None
        except tomllib.TOMLDecodeError as e:
            raise CourseError(f"{file}: {e}") from None
        except UnicodeDecodeError as e:
            line = e.object.count(b"\n", 0, e.start) + 1
            raise CourseError(f"{file}: line {line} is not UTF-8; save it as UTF-8") from None
        for table in ("course", "stage"):
            if not isinstance(self.data.get(table, {}), dict):
                raise CourseError(f"{file}: '{table}' must be a table, [{table}{'.01' if table == 'stage' else ''}]")
        course = self.data.get("course", {})
        self.default_budget = course.get("budget", 600)
        self.own_files = course.get("own", ["README.md", "README.ko.md", "support/cmake/lesson.cmake"])
        self.numbered_files = course.get("numbered", ["CMakeLists.txt"])
        self.data_folders = course.get("data", [])
        bad = [n for n, d in self.data.get("stage", {}).items()
               if not isinstance(d, dict) or not all(isinstance(d.get(k, []), list) for k in ("task", "exhibit"))
               or not all(isinstance(t, dict) for k in ("task", "exhibit") for t in d.get(k, []))]
        if bad:
            raise CourseError(f"{file}: stage {bad[0]} must be a table, [stage.{bad[0]}], its tasks [[stage.{bad[0]}.task]], "
                              f"its exhibits [[stage.{bad[0]}.exhibit]]")
        self.stages = {n: Stage(self, n, d) for n, d in sorted(self.data.get("stage", {}).items())}

    # -- stages ----------------------------------------------------------------------------------

    def present(self):
        return [s for s in self.stages.values() if s.present]

    def neighbours(self):
        """(stage, next stage) for every two stages that are both there and next to each other."""
        numbers = list(self.stages)
        pairs = zip(numbers, numbers[1:])
        return [(self.stages[a], self.stages[b]) for a, b in pairs
                if self.stages[a].present and self.stages[b].present]

    def after(self, stage):
        """The stages behind `stage` that are there, without a gap."""
        found = []
        numbers = list(self.stages)
        for number in numbers[numbers.index(stage.number) + 1:]:
            if not self.stages[number].present:
                break
            found.append(self.stages[number])
        return found

    def find(self, name):
        """A stage by "2", "02", "02_server_framework" or "stage02"; the error names the nearest."""
        wanted = str(name).strip().rstrip("/")
        match = re.fullmatch(r"(?:stage)?0?(\d)", wanted)
        number = f"0{match.group(1)}" if match else None
        for stage in self.stages.values():
            if stage.number == number or stage.folder == wanted:
                if not stage.present:
                    raise UsageError(f"stage {stage.number} ({stage.folder}) is planned but not here yet; "
                                     f"here: {self._names()}")
                return stage
        candidates = {s.folder: s for s in self.present()}
        candidates.update({s.number: s for s in self.present()})
        candidates.update({s.folder[3:]: s for s in self.present()})
        near = difflib.get_close_matches(wanted, candidates, n=1, cutoff=0.4)
        hint = f"; did you mean {candidates[near[0]].folder}?" if near else ""
        raise UsageError(f"no stage named '{wanted}'{hint} (here: {self._names()})")

    def find_part(self, name):
        """As find; "07b" (or "7b") is stage 07 with the tasks of that part only."""
        match = re.fullmatch(r"(?:stage)?0?(\d)([a-z])", str(name).strip().lower())
        if not match:
            return self.find(name)
        stage = self.find(match.group(1))
        return stage.of_parts([stage.number + match.group(2)])

    def select(self, names):
        """The named stages in order, or every stage that is there."""
        if not names:
            return self.present()
        chosen = {self.find(n).number for n in names}
        return [s for s in self.present() if s.number in chosen]

    def newest(self):
        if not self.present():
            raise CourseError("no stage is here yet")
        return self.present()[-1]

    def _names(self):
        return ", ".join(s.number for s in self.present()) or "none"

    # -- files -----------------------------------------------------------------------------------

    def files(self):
        """All files of the working copy that are (or would be) under version control."""
        if self._files is None:
            git = (self.root / ".git").exists() and shutil.which("git")
            self._files = self._git_files() if git else walk(self.root)
        return self._files

    def refresh(self):
        self._files = None

    def _git_files(self):
        out = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=self.root,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if out.returncode != 0:
            return walk(self.root)
        names = {n for n in out.stdout.decode("utf-8", "surrogateescape").split("\0") if n}
        return sorted(n for n in names if (self.root / n).is_file() or (self.root / n).is_symlink())

    def tree(self, config):
        """The build tree of a configuration."""
        return self.root / "build" / ("mine" if self.mine else "") / config

    # -- a student's work ------------------------------------------------------------------------

    def work(self, stage):
        """The student's folder of the stage; whether it is there is another question."""
        return self.root / "work" / stage.folder

    def use_work(self, stages):
        """From now on these stages are the student's copies, built in a tree of their own (build/mine)."""
        for stage in stages:
            stage.mine, stage.path = True, self.work(stage)
        self.mine = True


def walk(top):
    """Paths of the files below the folder, sorted, without what is built or kept there by tools."""
    found = []
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if f not in IGNORED_FOLDERS)
        base = pathlib.Path(folder).relative_to(top)
        found += [(base / f).as_posix() for f in files]
    return sorted(found)


def find_root(start=None):
    """The folder with course.toml at or above `start` (by default: the one this file belongs to)."""
    here = pathlib.Path(start) if start else pathlib.Path(__file__)
    for folder in [here, *here.resolve().parents]:
        if (folder / "course.toml").is_file():
            return folder.resolve()
    raise CourseError("course.toml not found: is this the course's folder?")
