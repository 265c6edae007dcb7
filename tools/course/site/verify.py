"""What the strict build looks at in the finished folder: every link, every anchor, and what the first page weighs."""

import html
import os
import re
import urllib.parse

LIGHT = 300_000  # bytes of the first page with its style sheet and scripts; there are no fonts
_TARGET = re.compile(r'(?:href|src)="([^"]*)"')
_ID = re.compile(r'\bid="?([^">\s]+)')


def links(out):
    """["page: target"] of the links that lead to no file or to no anchor of it."""
    texts = {p.relative_to(out).as_posix(): p.read_text(encoding="utf-8") for p in out.rglob("*.html")}
    ids = {name: {html.unescape(i) for i in _ID.findall(text)} for name, text in texts.items()}
    wrong = []
    for name, text in texts.items():
        for target in sorted(set(_TARGET.findall(text))):
            target = urllib.parse.unquote(html.unescape(target))
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            to = os.path.normpath(os.path.join(os.path.dirname(name), path)).replace(os.sep, "/") if path else name
            if to not in texts and not (out / to).is_file() or anchor and to in ids and anchor not in ids[to]:
                wrong.append(f"{name}: {target}")
    return wrong


def first_page(out):
    """Bytes of what a browser loads before anybody does anything."""
    text = (out / "index.html").read_text(encoding="utf-8")
    files = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]*)"', text)
    return sum((out / f).stat().st_size for f in ("index.html", *files))
