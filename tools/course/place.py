"""The folder that the course lies in: what CMake, Ninja or make's lists cannot take in its name."""

import os

from .errors import CourseError

# Tried one by one: with these CMake does not configure, or what it writes is not what Ninja and ccache read.
_REFUSED = '$;#"*?[]|<>' + ("" if os.name == "nt" else "\\:")


def problem(root):
    """What is wrong with the path of the course, in one line; None if nothing is."""
    path = root.as_posix()
    bad = [c for c in dict.fromkeys(path) if c in _REFUSED]
    if any(ord(c) < 32 or ord(c) == 127 for c in path):
        bad.append("a control character")
    if any(0xDC80 <= ord(c) <= 0xDCFF for c in path):
        bad.append("bytes that are not UTF-8")
    if not bad:
        return None
    shown = "".join(c if c.isprintable() else "?" for c in path)
    return (f"CMake cannot build below a path with {' and '.join(bad)}; please rename or move the folder: {shown}")


def check(root):
    found = problem(root)
    if found:
        raise CourseError(found)
