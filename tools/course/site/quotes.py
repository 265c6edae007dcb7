"""A quoted region of a stage's file: its lines, which of them a student writes, and what other stages have in its place."""

import posixpath
import re
import urllib.parse

from .. import regions, starter
from ..diff_entries import Entry, inside

_SINGLE = re.compile(r"^\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s#]+)#(region|table|widget)=([^()\s]+)\)$")


class Code:
    """Lines to be shown as they are; `numbers` count from 1."""

    def __init__(self, numbers):
        self.numbers = numbers


class Answer:
    """Lines that a student writes; until they are asked for the lines `given` of what a student starts with stand there."""

    def __init__(self, task, numbers, given):
        self.task, self.numbers, self.given = task, numbers, given


def split(markdown, change):
    """The page with change(line, target, kind, name) in place of each paragraph that is a single link with #region=, #table= or
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
            lines[at] = change(line, *match.groups())
    return "\n".join(lines) + "\n"


def path_of(page, target):
    """The path within the repository of a link of a page."""
    path = urllib.parse.unquote(target)
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page


def stage_of(repo, path):
    """(stage, path within it), or (None, path)."""
    folder, _, rest = path.partition("/")
    return next(((s, rest) for s in repo.stages.values() if s.folder == folder and rest), (None, path))


class Source:
    """A file of the repository, and what a student starts with in its place (`given`, None when that is the same)."""

    def __init__(self, repo, path):
        self.repo, self.path = repo, path
        self.text = _read(repo.root / path)
        self.lines = self.text.splitlines()
        self.stage, self.file = stage_of(repo, path)
        self.tasks = {t.id: t for t in self.stage.tasks if t.file == self.file} if self.stage else {}
        given = starter.task_file(repo, self.stage, self.file, self.text) if self.tasks else self.text
        self.given = given if given != self.text else None
        regions_of = zip(regions.student(self.text)[0], regions.student(given)[0])
        self._answers = [(*mine, theirs[1:]) for mine, theirs in regions_of if self.given and mine[0] in self.tasks]

    def answer_at(self, number):
        """(task id, first line, last line, (first line, last line) of what is given), or None."""
        return next((a for a in self._answers if a[1] <= number <= a[2]), None)

    def parts(self, first, last):
        """[Code or Answer] of the lines; marks are left out."""
        found, seen = [], None
        for number in range(first, last + 1):
            if self._is_mark(number):
                continue
            answer = self.answer_at(number)
            if answer and answer is not seen:
                task, _, _, (start, end) = answer
                found.append(Answer(self.tasks[task], [], list(range(start, end + 1))))
            elif not answer and (seen or not found):
                found.append(Code([]))
            seen = answer
            found[-1].numbers.append(number)
        return found

    def around(self, first, last):
        """The lines first..last, and when there is nothing but a student's part in them the function around it, if that begins
        and ends right there."""
        seen = [n for n in range(first, last + 1) if not self._is_mark(n)]
        if not seen or any(not self.answer_at(n) for n in seen):
            return first, last
        start, end = self.answer_at(seen[0])[1] - 1, self.answer_at(seen[-1])[2] + 1
        while start > 1 and self._is_mark(start):
            start -= 1
        while end < len(self.lines) and self._is_mark(end):
            end += 1
        if not self.lines[start - 1].endswith("{"):
            return first, last
        if self.lines[end - 1].strip() != "}":
            end = last
        while start > 1 and self.lines[start - 2].strip() and not self._is_mark(start - 1):
            start -= 1
        return start, end

    def _is_mark(self, number):
        return is_mark(self.lines[number - 1])


class Quote:
    """The region `name` of the file `path` of the repository. KeyError when it has none."""

    def __init__(self, repo, path, name):
        self.repo, self.path, self.name = repo, path, name
        self.source = Source(repo, path)
        self.text, self.stage, self.file = self.source.text, self.source.stage, self.source.file
        self.first, self.last = self.source.around(*regions.quoted(self.text)[0][name])

    def parts(self):
        return self.source.parts(self.first, self.last)

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


def is_mark(line):
    return regions.is_mark(line) or regions.is_student_mark(line)


def shown_from(text, number):
    """The line that is seen first from there on."""
    lines = text.splitlines()
    return next((n for n in range(number, len(lines) + 1) if not is_mark(lines[n - 1])), number)


def _read(file):
    return file.read_text(encoding="utf-8", errors="replace")


def _bare(text):
    """Without marks: a later stage no longer has the student's."""
    return [l for l in text.splitlines() if not is_mark(l)]
