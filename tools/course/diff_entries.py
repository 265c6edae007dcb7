"""What two stages differ in: its files, their lines, and which step of the lesson reads which of them."""

import difflib
from collections import namedtuple

from . import check_stages, globs, lesson, regions
from .carry_plan import is_binary

# One line of a difference. `tag` is " ", "-" or "+"; the numbers say where it stands on both sides: for a line that
# one side lacks, where the next one stands there.
Row = namedtuple("Row", "tag old new text")


class Entry:
    """One file of the difference."""

    def __init__(self, kind, path, old, new, reason, old_path=""):
        self.kind, self.path, self.reason = kind, path, reason
        self.old_path = old_path or path
        self.binary = is_binary(old or b"") or is_binary(new or b"")
        self.old = (old or b"").decode("utf-8", "replace").splitlines()
        self.new = (new or b"").decode("utf-8", "replace").splitlines()
        self._rows = {}

    def rows(self, marks=True):
        """All lines of both sides; without the marks of regions, which are no part of a lesson."""
        if marks not in self._rows:
            self._rows[marks] = _aligned(_numbered(self.old, marks), _numbered(self.new, marks))
        return self._rows[marks]


class DataFolder(Entry):
    """New files of a folder that `data` of course.toml names: counted, not shown."""

    def __init__(self, folder, files, reason):
        super().__init__("new", folder, None, None, f"{files} files: {reason}" if reason else f"{files} files")
        self.files, self.binary = files, True


def _numbered(lines, marks):
    return [(n, line) for n, line in enumerate(lines, 1) if marks or not regions.is_mark(line)]


def _aligned(old, new):
    def number(lines, at):
        return lines[at][0] if at < len(lines) else (lines[-1][0] + 1 if lines else 1)

    rows = []
    matcher = difflib.SequenceMatcher(None, [l for _, l in old], [l for _, l in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            rows += [Row(" ", old[i][0], new[j1 + i - i1][0], old[i][1]) for i in range(i1, i2)]
            continue
        rows += [Row("-", old[i][0], number(new, j1), old[i][1]) for i in range(i1, i2)]
        rows += [Row("+", number(old, i2), new[j][0], new[j][1]) for j in range(j1, j2)]
    return rows


def counts(rows):
    """(added, removed)"""
    return sum(r.tag == "+" for r in rows), sum(r.tag == "-" for r in rows)


def hunks(rows, context=3):
    """The changed rows with what stands around them, in runs of neighbouring lines."""
    near = set()
    for at, row in enumerate(rows):
        if row.tag != " ":
            near.update(range(max(0, at - context), min(len(rows), at + context + 1)))
    found = []
    for at in sorted(near):
        row, before = rows[at], rows[at - 1] if at else None
        # Rows may be a selection: what was left out between two of them ends a run, a mark does not.
        apart = before and (row.new - before.new > 2 or row.old - before.old > 2)
        if not found or at - 1 not in near or apart:
            found.append([])
        found[-1].append(row)
    return found


def unified(rows):
    """Hunks as lines; each with its @@ line."""
    for run in hunks(rows):
        here = {side: sum(r.tag in (" ", side) for r in run) for side in "-+"}
        old, new = run[0].old - (not here["-"]), run[0].new - (not here["+"])
        yield f"@@ -{old},{here['-']} +{new},{here['+']} @@"
        for row in run:
            yield row.tag + row.text


def file_reason(stages, kind, path):
    """The reason of the stage that declares the file; over several stages the last one that says something."""
    for stage in reversed(stages):
        for table in (getattr(stage, kind), stage.changed, stage.new):
            pattern = globs.first_match(table, path)
            if pattern:
                return f"{table[pattern]}" + (f" ({stage.number})" if len(stages) > 1 else "")
    return ""


def between(repo, old, new):
    return [repo.stages[n] for n in sorted(repo.stages) if old.number < n <= new.number]


def entries(repo, old, new, language="en"):
    real = check_stages.Comparison(repo, old, new)
    stages = between(repo, old, new)
    read = {p: r[0][1].why[language] for s in stages for p in lesson.of(s).files() if (r := lesson.of(s).readings(p))}

    def reason(kind, path):
        return read.get(path) or file_reason(stages, kind, path)

    found, data = [], {}
    for path in real.new:
        folder = globs.first_match(repo.data_folders, path)
        if folder:
            data.setdefault(folder, []).append(path)
            continue
        found.append(Entry("new", path, None, (new.path / path).read_bytes(), reason("new", path)))
    for folder, paths in data.items():
        found.append(DataFolder(folder, len(paths), file_reason(stages, "new", paths[0])))
    for path, source in sorted(real.renamed.items()):
        found.append(Entry("renamed", path, (old.path / source).read_bytes(), (new.path / path).read_bytes(),
                           new.renamed[path].get("why", ""), source))
    for path in real.changed:
        why = reason("changed", path)
        if not why and path in repo.numbered_files:
            why = "holds the stage's number"
        found.append(Entry("changed", path, (old.path / path).read_bytes(), (new.path / path).read_bytes(), why))
    for path in real.removed:
        found.append(Entry("removed", path, (old.path / path).read_bytes(), None, file_reason(stages, "removed", path)))
    return found


class Reading:
    """What one step shows of one file: rows of the difference; none when it is the same in both stages or gone, or when a
    later step (`later`, over several stages) reads the same lines."""

    def __init__(self, step, excerpt, entry, rows, text, later):
        self.step, self.excerpt, self.entry, self.rows, self.later = step, excerpt, entry, rows, later
        self.gone = not text
        self.missing = excerpt.missing(text) if text else []

    @property
    def changed(self):
        return any(r.tag != " " for r in self.rows)


class View:
    """The difference as a lesson: the readings of the steps in order, and the rest by groups."""

    def __init__(self, repo, old, new, found):
        self.old, self.new, self.entries = old, new, found
        self.stages = between(repo, old, new)
        self._lesson, self._before = lesson.of(new).require(), lesson.of(old)
        by_path = {e.path: e for e in found}
        wanted = [(step, excerpt) for s in self.stages for step in lesson.of(s).require().steps for excerpt in step.excerpts]
        owner = {}  # (path, place of the row) -> the last one who reads it
        for number, (_, excerpt) in enumerate(wanted):
            entry = by_path.get(excerpt.file)
            if entry and entry.kind != "removed" and not entry.binary:
                ranges = excerpt.ranges("\n".join(entry.new))
                owner.update(((entry.path, at), number) for at, row in enumerate(entry.rows(False)) if inside(row, ranges))
        self.readings = []
        for number, (step, excerpt) in enumerate(wanted):
            text, entry, rows, later = self._lesson.text(excerpt.file), by_path.get(excerpt.file), [], None
            if entry and entry.kind != "removed" and not entry.binary:
                mine = [(at, r) for at, r in enumerate(entry.rows(False)) if inside(r, excerpt.ranges(text))]
                rows = [r for at, r in mine if owner[entry.path, at] == number]
                others = {owner[entry.path, at] for at, r in mine if r.tag != " "} - {number}
                later = wanted[max(others)][0] if others else None
            self.readings.append(Reading(step, excerpt, entry, rows, text, later))
        read = {excerpt.file for _, excerpt in wanted}
        self.rest = {}  # group -> [(entry, its rows)]; "steps": what the steps do not read of their files
        for entry in found:
            if entry.path in read and entry.kind != "removed":
                rows = [r for at, r in enumerate(entry.rows(False)) if (entry.path, at) not in owner]
                if any(counts(rows)):
                    self.rest.setdefault("steps", []).append((entry, rows))
            else:
                self.rest.setdefault(self._group(entry), []).append((entry, entry.rows()))

    @property
    def steps(self):
        return [step for s in self.stages for step in lesson.of(s).steps]

    def of_step(self, step):
        return [r for r in self.readings if r.step is step]

    def _group(self, entry):
        groups = self._lesson.by_patterns(entry.path) or self._before.by_patterns(entry.old_path)
        return groups[0] if groups else "none"


def inside(row, ranges):
    """Does the row stand in one of the ranges? A removed line also right behind its end."""
    return any(first <= row.new <= last + (row.tag == "-") for first, last in ranges)
