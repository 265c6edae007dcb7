"""Markdown of the tasks' pages as text for a terminal: wrapped, links as the paths they lead to."""

import os
import re

from . import console

_LINK = re.compile(r"\[([^\]]*)\]\(([^()\s]+)\)")
_ITEM = re.compile(r"(\s*(?:[-*]|\d+\.)\s+)(.*)")


def lines(text, wide, base=""):
    """The lines of a section, none wider than `wide` but code and tables. `base`: the folder of the page."""
    out, paragraph, fenced = [], [], False

    def flush():
        if paragraph:
            out.extend(_wrapped(" ".join(paragraph), wide))
            paragraph.clear()

    for line in text.splitlines():
        if re.match(r"\s*(```|~~~)", line):
            flush()
            fenced = not fenced
        elif fenced:
            out.append("    " + line)
        elif not line.strip():
            flush()
            out.append("")
        elif line.lstrip().startswith("|"):
            flush()
            out.append(_links(line, base))
        elif _ITEM.match(line):
            flush()
            paragraph.append(_links(line, base))
        else:
            paragraph.append(_links(line.strip(), base))
    flush()
    return out


def _wrapped(text, wide):
    item = _ITEM.match(text)
    head, body = (item.group(1), item.group(2)) if item else ("", text)
    first, *more = console.wrap(body, max(wide - len(head), 10))
    return [head + first] + [" " * len(head) + line for line in more]


def _links(line, base):
    def shown(match):
        text, target = match.groups()
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return f"{text} ({target})"
        path = os.path.normpath(os.path.join(base, target)).replace(os.sep, "/")
        return path if text in (path, os.path.basename(path)) else f"{text} ({path})"
    return _LINK.sub(shown, line)
