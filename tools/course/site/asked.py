"""Sections that stay folded until somebody asks for them: the hints and the "why" of a task, cause and cure of a bug."""

import re

from .. import taskpage

_CAUSES = {"Cause", "Cure", "원인", "고치는 법"}  # of notes/*/museum
HEADINGS = _CAUSES | {heading for key in (*taskpage.HINTS, "why") for heading in taskpage.SECTIONS[key].values()}


def is_asked(path, heading):
    return ("/tasks/" in path or "/museum/" in path) and heading in HEADINGS


def fold(path, headings, html):
    """`headings`: [(level, anchor, title)] of the page, whose <h2> are in `html`."""
    titles = iter(title for level, _, title in headings if level == 2)
    start, *sections = re.split(r"(?=<h2 )", html)
    return start + "".join(_folded(s) if is_asked(path, next(titles)) else s for s in sections)


def _folded(section):
    head, end, body = section.partition("</h2>")
    head = re.sub(r' <a class="anchor".*?</a>', "", head)  # a summary is pressed; nothing in it can be, too
    return f'<details class="asked"><summary>{head}{end}</summary>{body}</details>\n'
