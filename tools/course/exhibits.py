"""The exhibits of the bug museum: patches that put a classic mistake into a stage's reference.

tools/museum/NN/NAME.patch is a unified diff, its paths relative to the stage folder (a/net/x.h, b/net/x.h)."""

import re

from .errors import CourseError

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


def path(repo, stage, name):
    return repo.root / "tools" / "museum" / stage.number / f"{name}.patch"


def read(repo, stage, name):
    """{path: [hunk]} of the exhibit; a hunk: (line, [old lines], [new lines])."""
    file, shown = path(repo, stage, name), _shown(repo, stage, name)
    if not file.is_file():
        raise CourseError(f"{shown} is missing")
    try:
        return parse(file.read_text(encoding="utf-8"))
    except ValueError as e:
        raise CourseError(f"{shown}: {e}") from None


def parse(patch):
    found, hunks, current = {}, None, None
    for number, line in enumerate(patch.splitlines(), 1):
        head = _HUNK.match(line)
        if line.startswith("--- "):
            hunks = current = None
        elif line.startswith("+++ "):
            name = line[4:].split("\t")[0]
            hunks = found.setdefault(name[2:] if name.startswith("b/") else name, [])
        elif head:
            if hunks is None:
                raise ValueError(f"line {number}: a hunk without its file (--- a/..., +++ b/...)")
            current = (int(head.group(1)), [], [])
            hunks.append(current)
        elif current is not None and line[:1] in ("", " ", "-", "+"):
            if line[:1] != "+":
                current[1].append(line[1:])
            if line[:1] != "-":
                current[2].append(line[1:])
        elif not line.startswith("\\"):
            current = None  # words between the files
    if not any(found.values()):
        raise ValueError("no unified diff")
    return found


def apply(hunks, text):
    """The text with the hunks applied. Every line of a hunk has to be there; where it moved to, it is found."""
    lines, moved = text.splitlines(), 0
    for line, old, new in hunks:
        at = _find(lines, old, line - 1 + moved)
        if at is None:
            raise ValueError(f"the hunk of line {line} does not apply")
        lines[at:at + len(old)] = new
        moved = at - (line - 1) + len(new) - len(old)
    return "".join(line + "\n" for line in lines)


def _find(lines, wanted, near):
    fits = [n for n in range(len(lines) - len(wanted) + 1) if lines[n:n + len(wanted)] == wanted]
    return min(fits, key=lambda n: abs(n - near), default=None)


def faulty(repo, stage, task, text):
    """The text of the task's file with the mistake in it."""
    return _with(repo, stage, task.exhibit, task.file, read(repo, stage, task.exhibit).get(task.file, []), text)


def files(repo, stage, name):
    """{path: text} of the stage's files that the exhibit changes, with the mistake in them."""
    found = {}
    for file, hunks in read(repo, stage, name).items():
        if not (stage.path / file).is_file():
            raise CourseError(f"{_shown(repo, stage, name)}: {stage.folder}/{file} is missing")
        found[file] = _with(repo, stage, name, file, hunks, (stage.path / file).read_text(encoding="utf-8"))
    return found


def _with(repo, stage, name, file, hunks, text):
    try:
        return apply(hunks, text)
    except ValueError as e:
        raise CourseError(f"{_shown(repo, stage, name)}: {file}: {e}") from None


def _shown(repo, stage, name):
    return path(repo, stage, name).relative_to(repo.root).as_posix()
