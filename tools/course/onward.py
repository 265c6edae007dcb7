"""`./course start NN --on-mine`: what a student did in the stage before goes into the new work folder.

What stands outside of the regions is merged as always (base: how the earlier folder began). A region is looked at by
itself: what the student wrote takes the place of the reference's, and only where the new stage has changed that region
are the three merged. Where both changed the same lines nothing is chosen silently, see `Carried`."""

import os

from . import regions, starter
from .carry_plan import Version, has_markers, is_binary, merge, to_lf
from .model import walk


class Carried:
    """The files of the new work folder, and what happened to what the student did."""

    def __init__(self, before, stage, files):
        self.before, self.stage = before, stage
        self.files = dict(files)  # {path: Version}
        self.aside = {}           # {path: Version} of the student's that could not be put there
        self.why_aside = []       # (path, reason): both, gone, binary, marks, outside
        self.carried = []         # (task id, file): regions with the student's text
        self.unwritten = []       # task id: nothing was written, the reference stays
        self.gone = []            # (task id, file): written, but the new stage has no such region
        self.conflicts = []       # (task id, file, line): both changed the region; conflict marks are in it
        self.merged = []          # file: changes outside of regions
        self.added = []           # file of the student's own

    def put_aside(self, path, version, reason):
        self.aside[path] = version
        self.why_aside.append((path, reason))


def carry(before, stage, files):
    """`before`: the Work of the stage before; `files`: what the new stage starts with."""
    out = Carried(before, stage, files)
    base = before.starter() or starter.files(before.repo, before.stage)
    mine = {p: Version((before.path / p).read_bytes(), os.access(before.path / p, os.X_OK)) for p in walk(before.path)}
    new_names = {entry.get("from", ""): new for new, entry in stage.renamed.items()}
    for path, theirs in mine.items():  # a file that the student took away is there again
        old, target = base.get(path), new_names.get(path, path)
        new = files.get(target)
        if path == starter.HEADER or old and to_lf(theirs.data) == to_lf(old.data):
            continue
        if not old and not new:
            out.files[target] = theirs
            out.added.append(target)
        elif not old:
            if new.data != theirs.data:
                out.put_aside(path, theirs, "both")
        elif not new:
            out.put_aside(path, theirs, "gone")
        elif is_binary(theirs.data) or is_binary(new.data):
            out.put_aside(path, theirs, "binary")
        else:
            _Text(out, path, target, old, theirs, new).merge()
    return out


class _Text:
    """One file that the student has changed and the new stage has, too."""

    def __init__(self, out, path, target, old, theirs, new):
        self.out, self.path, self.target = out, path, target
        self.versions = old, theirs, new
        self.old, self.mine, self.new = (_decode(v.data) for v in self.versions)
        reference = out.before.repo.root / out.before.stage.folder / path
        self.right = _decode(reference.read_bytes()) if reference.is_file() else self.old
        self.labels = f"stage {out.stage.number}", f"stage {out.before.stage.number}", "yours"

    def merge(self):
        out, theirs = self.out, self.versions[1]
        if regions.student(self.mine)[1] or _ids(self.mine) != _ids(self.old):
            out.put_aside(self.path, theirs, "marks")
            return
        # Outside: with nothing in the regions, whose marks keep their places.
        bare = [Version(_encode(starter.without(text)), version.executable)
                for text, version in zip((self.old, self.mine, self.new), self.versions)]
        merged, conflict = merge(*bare, self.labels)
        text = _decode(merged.data)
        if conflict or regions.student(text)[1] or _ids(text) != _ids(self.new):
            out.put_aside(self.path, theirs, "outside")
            text = starter.without(self.new)
        elif text != starter.without(self.new):
            out.merged.append(self.target)
        text = regions.filled(text, self._region)
        out.files[self.target] = Version(_encode(text), merged.executable)
        self._tell(text)

    def _of(self, task, which):
        """The region's text in (the start, the student's, the reference of that stage, the new stage); None without it."""
        found = [regions.contents(text, task) for text in (self.old, self.mine, self.right, self.new)]
        return [texts[which] if which < len(texts) else None for texts in found]

    def _region(self, task, which, _):
        old, mine, right, new = self._of(task, which)
        if mine is None or _same(mine, old) or _same(mine, new):
            return new
        base = old if right is None else right
        if _same(base, new):
            return mine
        return _decode(merge(*(Version(_encode(t)) for t in (base, mine, new)), self.labels)[0].data)

    def _tell(self, text):
        out, lines, places = self.out, text.splitlines(), {}
        for task, first, last in regions.student(text)[0]:
            places.setdefault(task, []).append((first, last))
        for task in dict.fromkeys(_ids(self.mine)):
            versions = [self._of(task, which) for which in range(len(regions.contents(self.mine, task)))]
            if all(_same(mine, old) for old, mine, _, _ in versions):
                if task in {t.id for t in out.before.stage.tasks} and task in places:
                    out.unwritten.append(task)
                continue
            marked = [first for first, last in places.get(task, []) if has_markers(_encode("\n".join(lines[first - 1:last])))]
            if any(new is None for *_, new in versions):
                out.gone.append((task, self.path))
            elif marked:
                out.conflicts.append((task, self.target, marked[0]))
            else:
                out.carried.append((task, self.target))


def _ids(text):
    return [task for task, _, _ in regions.student(text)[0]]


def _same(a, b):
    """Alike but for blanks at the ends of lines and empty lines around?"""
    return [l.rstrip() for l in a.strip().splitlines()] == [l.rstrip() for l in b.strip().splitlines()] if b is not None else a is None


def _decode(data):
    return to_lf(data).decode("utf-8", "surrogateescape")


def _encode(text):
    return text.encode("utf-8", "surrogateescape")
