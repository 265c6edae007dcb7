"""Three-way merge of one file of a stage: content, line ends, executable bit."""

import difflib
import subprocess
import tempfile
import os
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Version:
    """One version of one file."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Change:
    """What happened to one file of a stage. `base` None: added; `new` None: removed.

    `old_path` differs from `path` when the file was renamed."""

    path: str
    base: Optional[Version]
    new: Optional[Version]
    old_path: str = ""

    @property
    def source_path(self):
        return self.old_path or self.path


def is_binary(data):
    return b"\0" in data[:8000]


def uses_crlf(data):
    return data.count(b"\r\n") * 2 > data.count(b"\n") and b"\r\n" in data


def to_lf(data):
    return data.replace(b"\r\n", b"\n")


def to_crlf(data):
    return to_lf(data).replace(b"\n", b"\r\n")


def _pick(base, theirs, ours):
    """Three-way choice for a single property: whoever changed it wins, theirs when both did."""
    return theirs if ours == base else ours


def merge(base, theirs, ours, labels):
    """Merges `theirs` (the change since `base`) into `ours`.

    Returns (version, conflict). Line ends and the executable bit are merged on their own, so that a file
    with CRLF in one stage and LF in another still merges line by line."""
    empty = Version(b"", theirs.executable)
    base_or_empty = base or empty
    executable = _pick(base_or_empty.executable, theirs.executable, ours.executable)
    if base and ours.data == base.data:
        return Version(theirs.data, executable), False
    if ours.data == theirs.data:
        return Version(ours.data, executable), False
    if is_binary(ours.data) or is_binary(theirs.data):
        return Version(ours.data, executable), True
    crlf = _pick(uses_crlf(base_or_empty.data) if base else uses_crlf(theirs.data),
                 uses_crlf(theirs.data), uses_crlf(ours.data))
    merged, conflict = _merge_text(to_lf(base_or_empty.data), to_lf(theirs.data), to_lf(ours.data), labels)
    return Version(to_crlf(merged) if crlf else merged, executable), conflict


def _merge_text(base, theirs, ours, labels):
    if ours == base:
        return theirs, False
    if theirs == base or ours == theirs:
        return ours, False
    with tempfile.TemporaryDirectory(prefix="course-carry-") as folder:
        paths = []
        for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = os.path.join(folder, name)
            with open(path, "wb") as f:
                f.write(data)
            paths.append(path)
        out = subprocess.run(["git", "merge-file", "-p", "-L", labels[0], "-L", labels[1], "-L", labels[2],
                              *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if out.returncode < 0 or out.returncode > 127:
        raise RuntimeError(out.stderr.decode("utf-8", "replace").strip())
    return out.stdout, out.returncode != 0


def has_markers(data):
    lines = to_lf(data).split(b"\n")
    return (any(line.startswith(b"<<<<<<< ") for line in lines)
            and any(line.startswith(b">>>>>>> ") for line in lines))


def pair_renames(changes, threshold=0.5):
    """Joins a removed and an added file of like content into one renamed file."""
    removed = [c for c in changes if c.new is None]
    added = [c for c in changes if c.base is None]
    others = [c for c in changes if c.new is not None and c.base is not None]
    scores = []
    for old in removed:
        for new in added:
            score = _similarity(old.base.data, new.new.data)
            if score >= threshold:
                same_name = old.path.rsplit("/", 1)[-1] == new.path.rsplit("/", 1)[-1]
                scores.append((score + (0.1 if same_name else 0), old, new))
    renamed, used = [], set()
    for _, old, new in sorted(scores, key=lambda s: -s[0]):
        if old.path in used or new.path in used:
            continue
        used |= {old.path, new.path}
        renamed.append(Change(new.path, old.base, new.new, old_path=old.path))
    rest = [c for c in removed + added if c.path not in used]
    return sorted(others + rest + renamed, key=lambda c: c.path)


def _similarity(a, b):
    if a == b:
        return 1.0
    if not a or not b or is_binary(a) or is_binary(b):
        return 0.0
    return difflib.SequenceMatcher(None, to_lf(a).split(b"\n"), to_lf(b).split(b"\n"), autojunk=False).ratio()
