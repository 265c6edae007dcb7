"""A quoted region of a stage's file: its lines, which of them a student writes, and what other stages have in its place."""

import re

from .. import regions
from ..diff_entries import Entry, inside
from ..emptied import starter

_SINGLE = re.compile(r"^\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s#]+)#(region|table|widget)=([^()\s]+)\)$")


class Code:
    """Lines to be shown as they are; `numbers` count from 1."""

    def __init__(self, numbers):
        self.numbers = numbers


class Answer:
    """Lines that a student writes: shown as `starter` until they are asked for."""

    def __init__(self, task, numbers, text):
        self.task, self.numbers, self.starter = task, numbers, text


def split(markdown, change):
    """The page with change(path, kind, name) in place of each paragraph that is a single link with #region=, #table= or
    #widget=; code blocks are left alone."""
    lines, fence = markdown.splitlines(), None
    for at, line in enumerate(lines):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark:
            fence = None if fence and mark.group(1).startswith(fence) else fence or mark.group(1)
            continue
        match = _SINGLE.match(line.strip())
        alone = all(not (0 <= n < len(lines)) or not lines[n].strip() for n in (at - 1, at + 1))
        if match and alone and not fence:
            lines[at] = change(*match.groups())
    return "\n".join(lines) + "\n"


def parts(text, first, last):
    """[Code or Answer] of the lines first..last of a file; the marks of quoted regions are left out."""
    lines, found, tasks = text.splitlines(), [], regions.student(text)[0]

    def task_of(number):
        return next((t for t in tasks if t[1] <= number <= t[2]), None)

    for number in range(first, last + 1):
        if regions.is_mark(lines[number - 1]):
            continue
        task = task_of(number)
        if task and not (found and isinstance(found[-1], Answer) and found[-1].task == task[0]):
            body = lines[task[1] - 1:task[2]]
            indent = re.match(r"\s*", lines[task[1] - 2]).group(0)
            found.append(Answer(task[0], [], starter(indent, task[0], body)[0]))
        elif not task and not (found and isinstance(found[-1], Code)):
            found.append(Code([]))
        found[-1].numbers.append(number)
    return found


def stage_of(repo, path):
    """(stage, path within it), or (None, path)."""
    folder, _, rest = path.partition("/")
    return next(((s, rest) for s in repo.stages.values() if s.folder == folder and rest), (None, path))


class Quote:
    """The region `name` of the file `path` of the repository. KeyError when it has none."""

    def __init__(self, repo, path, name):
        self.repo, self.path, self.name = repo, path, name
        self.text = _read(repo.root / path)
        self.first, self.last = regions.quoted(self.text)[0][name]
        self.stage, self.file = stage_of(repo, path)

    def parts(self):
        return parts(self.text, self.first, self.last)

    def stages(self):
        """[(stage, is it the same there?)] of those that have the region, this one included."""
        mine, found = regions.region_text(self.text, self.name), []
        for stage in self.repo.present() if self.stage else []:
            file = stage.path / self.file
            theirs = regions.region_text(_read(file), self.name) if file.is_file() else None
            if theirs is not None:
                found.append((stage, _bare(theirs) == _bare(mine)))
        return found

    def before(self):
        """(previous stage, rows of the difference to what it had there); the rows are None when it has no such file.
        (None, None) in the first stage."""
        previous = next((a for a, b in self.repo.neighbours() if self.stage and b.number == self.stage.number), None)
        if previous is None:
            return None, None
        file = previous.path / self.stage.renamed.get(self.file, {}).get("from", self.file)
        if not file.is_file():
            return previous, None
        both = Entry("changed", self.file, file.read_bytes(), self.text.encode(), "")
        return previous, [r for r in both.rows(False) if inside(r, [(self.first, self.last)]) and not regions.is_student_mark(r.text)]


def _read(file):
    return file.read_text(encoding="utf-8", errors="replace")


def _bare(text):
    """Without marks: a later stage no longer has the student's."""
    return [l for l in text.splitlines() if not regions.is_mark(l) and not regions.is_student_mark(l)]
