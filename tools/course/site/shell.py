"""The frame around a page: head, navigation, links to the neighbours."""

import html
import posixpath

from .words import WORDS


# The menu, in this order; what a group is called is in words.py.
GROUPS = ("start", "notes", "slides", "watch", "cards", "tasks", "museum", "diffs", "reference")
_OPEN = ("notes", "reference")  # the other groups are folded when the page is none of theirs


def esc(text):
    return html.escape(str(text), quote=True)


def relative(base, target):
    """The link from the page `base` to `target`, both paths within the site; what is behind # stays."""
    path, mark, anchor = target.partition("#")
    if path == base:
        return mark + anchor or posixpath.basename(base)
    return posixpath.relpath(path, posixpath.dirname(base) or ".") + mark + anchor


class Page:
    """A finished page. `group` is its place in the menu ("" for none), `sections` [(anchor, title)], `other` the same page in the
    other language, `kind` a class of the body for style.css, `scripts` names of files in assets/, run in this order."""

    def __init__(self, out, lang, title, group, body, sections=(), other="", kind="", scripts=()):
        self.out, self.lang, self.title, self.group, self.body = out, lang, title, group, body
        self.sections, self.other, self.kind, self.scripts = list(sections), other, kind, scripts


def _navigation(page, pages):
    words, out = WORDS[page.lang], []
    for group in GROUPS:
        mine = [p for p in pages if p.lang == page.lang and p.group == group]
        if not mine:
            continue
        links = "<ul>" + "".join(_entry(p, page) for p in mine) + "</ul>"
        if group != "start":
            is_open = " open" if group in _OPEN or group == page.group else ""
            links = f"<details{is_open}><summary>{words[group]}</summary>{links}</details>"
        out.append(links)
    return "\n".join(out)


def _entry(entry, page):
    if entry is not page:
        return f'<li><a href="{esc(relative(page.out, entry.out))}">{esc(entry.title)}</a></li>'
    sections = "".join(f'<li><a href="#{esc(a)}">{esc(t)}</a></li>' for a, t in page.sections)
    return f'<li><a href="#top" aria-current="page">{esc(page.title)}</a>{f"<ul>{sections}</ul>" if sections else ""}</li>'


def _neighbours(page, pages):
    row = [p for p in pages if p.lang == page.lang and p.group == page.group]
    if not page.group or page.group == "start" or page not in row:
        return ""
    words, at, out = WORDS[page.lang], row.index(page), ['<nav class="neighbours">']
    for rel, n in (("before", at - 1), ("after", at + 1)):
        if 0 <= n < len(row):
            out.append(f'<a class="{rel}" href="{esc(relative(page.out, row[n].out))}"><small>{words[rel]}</small>{esc(row[n].title)}</a>')
    return "\n".join(out + ["</nav>"])


def finish(page, pages):
    """The whole HTML of the page."""
    words = WORDS[page.lang]
    assets = relative(page.out, "assets")
    home = next((p for p in pages if p.lang == page.lang and p.group == "start"), page)
    other = (f'<a id="language" href="{esc(relative(page.out, page.other))}" hreflang="{"en" if page.lang == "ko" else "ko"}">'
             f'{words["language"]}</a>' if page.other else "")
    return f"""<!doctype html>
<html lang="{page.lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(page.title)} · {words["course"]}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/style.css">
{"".join(f'<script src="{assets}/{esc(name)}" defer></script>' + chr(10) for name in ("site.js", *page.scripts))}<body id="top" class="{page.kind}" data-assets="{assets}" data-root="{esc(relative(page.out, "."))}">
<a class="to-text" href="#text">{words["skip"]}</a>
<header>
<button id="menu" aria-expanded="false" aria-controls="side">{words["menu"]}</button>
<a class="home" href="{esc(relative(page.out, home.out))}">{words["course"]}</a>
<div role="search"><input id="search" type="search" placeholder="{words["search"]}" aria-label="{words["search"]}: {words["searchHint"]}"
 aria-controls="results" autocomplete="off" data-nothing="{words["nothing"]}"><div id="results" hidden></div></div>
{other}
<button id="theme" aria-label="{words["theme"]}" title="{words["theme"]}">◐</button>
</header>
<div id="frame">
<nav id="side" aria-label="{words["menu"]}">
{_navigation(page, pages) if page.kind != "source" else ""}
</nav>
<main id="text">
<noscript><p class="hint">{words["noscript"]}</p></noscript>
{page.body}
{_neighbours(page, pages)}
</main>
</div>
</body>
</html>
"""
