"""Regions that are alike beyond renaming, as a hint: winnowed fingerprints of their tokens (Schleimer, Wilkerson, Aiken 2003).

Names count as "a name" and numbers as "a number", so renaming and other constants change nothing; comments and blanks are not
there. What the course's own solution has in common with a region is no sign of anything and does not count."""

import itertools
import zlib

from . import console, regions, student_code, submission
from .errors import CourseError

_GRAM, _WINDOW = 9, 5     # tokens of a fingerprint; fingerprints of which one is kept
_LEAST = 12               # fingerprints of their own that a region needs to be compared at all
_ALIKE = 0.6              # from here on a pair is shown
_KEYWORDS = set("if else for while do switch case break continue return const auto int bool char float double void static_cast "
                "reinterpret_cast sizeof new delete this true false nullptr struct class using namespace try catch throw".split())


def _plain(lines):
    words = []
    for token in student_code.tokens("\n".join(lines)):
        if token.kind == "word":
            words.append(token.text if token.text in _KEYWORDS else "n")
        else:
            words.append("0" if token.kind == "number" else '"' if token.kind in ("string", "raw", "char") else token.text)
    return words


def fingerprints(lines):
    """The winnowed fingerprints of a region's tokens."""
    words = _plain(lines)
    grams = [zlib.crc32("\x1f".join(words[n:n + _GRAM]).encode()) for n in range(len(words) - _GRAM + 1)]
    return {min(grams[n:n + _WINDOW]) for n in range(max(1, len(grams) - _WINDOW + 1))} if grams else set()


def pairs(by_student, common=frozenset()):
    """[(share, a, b)] of {name: fingerprints}, the most alike first; `common` does not count."""
    own = {name: prints - common for name, prints in by_student.items()}
    found = []
    for a, b in itertools.combinations(sorted(n for n in own if len(own[n]) >= _LEAST), 2):
        share = len(own[a] & own[b]) / min(len(own[a]), len(own[b]))
        if share >= _ALIKE:
            found.append((share, a, b))
    return sorted(found, key=lambda f: (-f[0], f[1], f[2]))


def report(stage, tasks, found):
    """Lines for the teacher: pairs of submissions whose regions of a task are alike."""
    texts = {task.id: {} for task in tasks}
    for name, path in found:
        try:
            taken = submission.read(path, stage, tasks, name).regions
        except CourseError:
            continue
        for task_id, own in taken.items():
            texts[task_id][name] = fingerprints([line for region in own for line in region])
    rows = []
    for task in tasks:
        text = (stage.path / task.file).read_text(encoding="utf-8")
        lines = text.splitlines()
        common = fingerprints([l for i, a, b in regions.student(text)[0] if i == task.id for l in lines[a - 1:b]])
        rows += [(task.id, f"{share:.0%}", a, b) for share, a, b in pairs(texts[task.id], common)]
    if not rows:
        return []
    return ["", "alike beyond renaming (a hint to look at both, not a verdict):",
            console.table(rows[:40], ("task", "alike", "", ""))]
