"""A stage as a lesson: its steps in reading order, and the group of every other file."""

from . import globs, regions
from .errors import CourseError
from .lesson_data import GROUPS, check_groups, read_parts


class Excerpt:
    """One file of a step, or some of its regions, and why it is read."""

    def __init__(self, file, names, why):
        self.file, self.regions, self.why = file, names, why

    @property
    def label(self):
        return self.file + (f" [{', '.join(self.regions)}]" if self.regions else "")

    def ranges(self, text):
        """[(first line, last line)] of what is read, counted from 1; a region that is missing is left out."""
        if not self.regions:
            return [(1, len(text.splitlines()))]
        found, _ = regions.quoted(text)
        return sorted(found[name] for name in self.regions if name in found)

    def missing(self, text):
        found, _ = regions.quoted(text)
        return [name for name in self.regions if name not in found]


class Step:
    """What is read in one sitting. Texts are {"en": ..., "ko": ...}."""

    def __init__(self, stage, part, number, data):
        self.stage, self.part, self.number = stage, part, number
        self.id = data["id"]
        self.title, self.text, self.attempt = data["title"], data["text"], data["try"]
        self.excerpts = [Excerpt(r["file"], r["regions"], r["why"]) for r in data["read"]]
        self.tasks, self.tests = data["tasks"], data["tests"]
        self.note, self.section = data["note"], data["section"]

    @property
    def name(self):
        """What --step takes: "2", in a part "07b.2"."""
        return f"{self.part.id}.{self.number}" if self.part.id else str(self.number)

    def note_page(self, language):
        return self.note.replace("notes/en/", f"notes/{language}/")


class Part:
    """The steps of a stage, or of one part of a long stage (then it has an id, as 07b)."""

    def __init__(self, stage, data):
        self.id, self.title, self.text = data["id"], data["title"], data["text"]
        self.steps = [Step(stage, self, n, s) for n, s in enumerate(data["steps"], 1)]


class Lesson:
    """What course.toml says about reading one stage. `problems`: what is wrong with that."""

    def __init__(self, stage):
        self.stage = stage
        data, self.problems = read_parts(stage)
        self.parts = [Part(stage, p) for p in data]
        self.steps = [s for p in self.parts for s in p.steps]
        common = stage.repo.data.get("course", {}).get("group", {})
        own = stage.data.get("group", {})
        self.problems += check_groups("[course.group]", common) + check_groups(f"[stage.{stage.number}.group]", own)
        self._patterns = [_patterns(own), _patterns(common)]  # the stage's own come first
        self._in_steps = {}
        for step in self.steps:
            for excerpt in step.excerpts:
                self._in_steps.setdefault(excerpt.file, []).append((step, excerpt))

    def require(self):
        """This lesson, or one clear line about what is wrong with it."""
        if self.problems:
            raise CourseError(self.problems[0])
        return self

    def files(self):
        """The files of the steps, in reading order."""
        return list(self._in_steps)

    def readings(self, path):
        """[(step, excerpt)] that read this file."""
        return self._in_steps.get(path, [])

    def groups_of(self, path):
        """("steps",), or the group of the file; none or several when course.toml says so."""
        return ("steps",) if path in self._in_steps else self.by_patterns(path)

    def by_patterns(self, path):
        for patterns in self._patterns:
            fitting = [(weight, group) for pattern, weight, group in patterns if globs.matches(pattern, path)]
            if fitting:
                best = max(weight for weight, _ in fitting)
                return tuple(sorted({group for weight, group in fitting if weight == best}, key=GROUPS.index))
        return ()

    def patterns(self, group):
        """The patterns of the group that decide about a file of the stage, in order."""
        files = [f for f in self.stage.lesson_files() if self.groups_of(f) == (group,)]
        own = [(p, w) for table in self._patterns for p, w, g in table if g == group]
        return [p for p, _ in own if any(globs.matches(p, f) for f in files)]

    def find_part(self, name):
        return next((p for p in self.parts if p.id and p.id == name.lower()), None)

    def find_step(self, name, part=None):
        """By "2", "07b.2" or its id; None when there is none, or in a stage of parts more than one."""
        found = [s for s in (part.steps if part else self.steps) if name in (s.name, s.id, str(s.number))]
        return found[0] if len(found) == 1 else None

    # -- lines -----------------------------------------------------------------------------------

    def text(self, path):
        file = self.stage.path / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    def lines_of(self, excerpt):
        """How many lines are read: marks of regions do not count."""
        text = self.text(excerpt.file)
        lines = text.splitlines()
        return sum(not regions.is_mark(lines[n - 1]) for first, last in excerpt.ranges(text) for n in range(first, last + 1))

    def step_lines(self, step):
        return sum(self.lines_of(e) for e in step.excerpts)

    def part_lines(self, part):
        return sum(map(self.step_lines, part.steps))


def of(stage):
    """The lesson of the stage; read once."""
    if getattr(stage, "lesson", None) is None:
        stage.lesson = Lesson(stage)
    return stage.lesson


def _patterns(table):
    """[(pattern, weight, group)]: the longer the part before the first wildcard, the more it says; then the rest of its
    letters count; a whole name says most."""
    found = []
    for group in GROUPS:
        entries = table.get(group, []) if isinstance(table, dict) else []
        for pattern in entries if isinstance(entries, list) else []:
            if isinstance(pattern, str):
                wild = min((pattern.find(c) for c in "*?" if c in pattern), default=len(pattern))
                whole = wild == len(pattern) and not pattern.endswith("/")
                found.append((pattern, (whole, wild, len(pattern.replace("*", ""))), group))
    return found
