"""Path patterns of course.toml: a file, a folder ("net/"), or a glob (* within a folder, ** across)."""

import re


def _translate(pattern):
    if pattern.endswith("/"):
        pattern += "**"
    out, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:.*/)?", i + 3
        elif pattern.startswith("**", i):
            out, i = out + ".*", i + 2
        elif pattern[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif pattern[i] == "?":
            out, i = out + "[^/]", i + 1
        else:
            out, i = out + re.escape(pattern[i]), i + 1
    return re.compile(out + r"\Z")


_cache = {}


def matches(pattern, path):
    if pattern not in _cache:
        _cache[pattern] = _translate(pattern)
    return _cache[pattern].match(path) is not None


def first_match(patterns, path):
    """The first pattern that the path matches, or None."""
    return next((p for p in patterns if matches(p, path)), None)


def is_glob(pattern):
    return pattern.endswith("/") or any(c in pattern for c in "*?")
