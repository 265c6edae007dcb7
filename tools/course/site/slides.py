"""The slides as pages of their own (reveal.js), and as PDF."""

import html
import re
import urllib.parse

from .. import check_text, deck
from . import quotes
from .shell import Page, esc, relative
from .words import WORDS

_PARTS = {"reveal.js": "dist/reveal.js", "reveal.css": "dist/reveal.css", "notes.js": "dist/plugin/notes.js"}
_MARK = re.compile(r"<!--course:(\d+)-->")
_LINK = re.compile(r'(<a href)="([^"]*)"')
WIDE, HIGH = 1180, 560  # what code may take of a slide of 1280 x 720


def out(lang, chapter):
    return f"{'en/' * (lang == 'en')}slides/{chapter}.html"


class Slides:
    """All decks that are there. `addresses` {path of the repository: where it is in the site}; `mentioned`: what they link to."""

    def __init__(self, repo):
        self.repo, self._site = repo, None
        self.decks = [d for lang in deck.LANGUAGES for d in deck.decks(repo, lang)]
        self.addresses = {d.path: out(d.lang, d.chapter) for d in self.decks}
        items = [i for d in self.decks for s in d.slides for i in s.items]
        self.mentioned = {i.path for i in items if i.kind == "region" or i.kind == "figure" and not i.path.endswith(".mmd")}
        for one in self.decks:
            for _, target in check_text._page_links((repo.root / one.path).read_text(encoding="utf-8")):
                if check_text.is_relative(target):
                    self.mentioned.add(_path(one, target)[0])

    def items(self):
        """What tools/site/render.mjs shall render."""
        return [{"md": _markdown(s)} for d in self.decks for s in d.slides]

    def pages(self, rendered, site):
        """{path in the site: HTML}; `site` knows where everything else is."""
        self._site = site
        texts = iter(rendered)
        return {out(d.lang, d.chapter): self._page(d, [next(texts) for _ in d.slides]).encode() for d in self.decks}

    def _page(self, one, bodies):
        where, sections = out(one.lang, one.chapter), []
        for number, (slide, body) in enumerate(zip(one.slides, bodies)):
            body = _LINK.sub(lambda m: f'{m[1]}="{esc(self._link(one, where, html.unescape(m[2])))}"', body)
            body = _MARK.sub(lambda m: self._item(one, where, slide.items[int(m[1])]), body)
            said = "".join(f"<p>{esc(text)}</p>" for _, note in slide.notes for text in re.split(r"\n\s*\n", note))
            sections.append(f'<section data-timing="{slide.minutes * 60}"{" class=first" if not number else ""}>\n{body}\n'
                            f'<aside class="notes"><p><b>{slide.minutes} {WORDS[one.lang]["minutes"]}</b></p>{said}</aside>\n</section>')
        return _frame(one, where, "\n".join(sections), self.decks)

    def _link(self, one, where, target):
        if re.match(r"[a-z][a-z0-9+.-]*:|//|#", target, re.I):
            return target
        path, fragment = _path(one, target)
        to = self._site.address(path, one.lang)
        if not to:
            self._site.problems.append(f"{one.path}: {path} does not exist")
        return relative(where, to) + ("#" + fragment if fragment else "") if to else "#"

    def _item(self, one, where, item):
        if item.kind == "figure":
            if item.path.endswith(".mmd"):
                return f'<pre class="mermaid" role="img" aria-label="{esc(item.name)}">{esc(deck.figure(self.repo, item.path, one.lang))}</pre>'
            return f'<img src="{esc(relative(where, "assets/" + item.path))}" alt="{esc(item.name)}">'
        if item.kind == "tasks":
            title = (lambda t: t.title_ko) if one.lang == "ko" else (lambda t: t.title)
            rows = [f"<tr><td>{esc(t.id)}</td><td>{esc(title(t))}</td><td><code>{esc(t.file)}</code></td><td>{t.points}</td></tr>"
                    for t in deck.tasks(self.repo, item.name)]
            return f'<table class="tasks">{"".join(rows)}</table>' if rows else ""
        return self._code(where, one.lang, item)

    def _code(self, where, lang, item):
        lines = deck.shown(self.repo, item)
        cut = deck.indent(lines)
        longest = max(len(text) - cut for *_, text in lines)
        size = min(24, HIGH / (1.4 * len(lines)), WIDE / (0.61 * (longest + 2)))
        first = next((n for given, n, _ in lines if not given), 1)
        own, given = self._site.highlighted(item.path)
        to, name = self._site.address(item.path, lang), esc(item.path.split("/", 1)[-1])
        label = f'<a href="{esc(relative(where, to))}#L{first}">{name}</a>' if to else name
        body = "\n".join(_line(given[n - 1], "yours", cut) if is_given else _line(own[n - 1], "", cut) for is_given, n, _ in lines)
        return f'<figure class="code"><pre style="font-size: {size:.1f}px">{body}</pre><figcaption>{esc(item.path.split("_")[0])} · {label}</figcaption></figure>'


def _line(text, kind, cut):
    text = text.replace(" " * cut, "", 1)
    return f'<span class="{kind}">{text}</span>' if kind else text


def _path(one, target):
    """(path of the repository, what is behind #)"""
    path, _, fragment = target.partition("#")
    return quotes.path_of(one.path, path), urllib.parse.unquote(fragment)


def _markdown(slide):
    text, number = "", 0
    for block in slide.blocks:
        if isinstance(block, deck.Item):
            text += f"\n\n<!--course:{number}-->\n\n"
            number += 1
        else:
            text += block
    return text


def _frame(one, where, sections, decks):
    words, assets = WORDS[one.lang], relative(where, "assets")
    other = next((out(d.lang, d.chapter) for d in decks if d.chapter == one.chapter and d.lang != one.lang), "")
    link = f'<a id="other" href="{esc(relative(where, other))}">{words["language"]}</a>' if other else ""
    return f"""<!doctype html>
<html lang="{one.lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(one.title)} · {words["slides"]}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/reveal/reveal.css">
<link rel="stylesheet" href="{assets}/slides.css">
<body>
<div class="reveal"><div class="slides">
{sections}
</div></div>
{link}
<script src="{assets}/reveal/reveal.js"></script>
<script src="{assets}/reveal/notes.js"></script>
<script src="{assets}/mermaid.js"></script>
<script src="{assets}/slides.js"></script>
</body>
</html>
"""


def pages(repo):
    """The lists of the decks, as pages of the site."""
    found = []
    for lang, name in (("ko", "slides.html"), ("en", "en/slides.html")):
        words, here = WORDS[lang], deck.decks(repo, lang)
        rows = "".join(f'<tr><td>{esc(d.chapter)}</td><td><a href="{esc(relative(name, out(lang, d.chapter)))}">{esc(d.title)}</a></td>'
                       f"<td>{len(d.slides)}</td><td>{sum(s.minutes for s in d.slides)} {words['minutes']}</td></tr>" for d in here)
        head = "".join(f"<th>{words[w]}</th>" for w in ("chapter", "slides", "count", "lecture"))
        body = (f'<h1>{words["slides"]}</h1><p>{words["keys"]}</p><div class="table"><table><thead><tr>{head}</tr></thead>'
                f"<tbody>{rows}</tbody></table></div>")
        if here:
            found.append(Page(name, lang, words["slides"], "slides", body, other="en/slides.html" if lang == "ko" else "slides.html"))
    return found


def assets(_, tools):
    """What the decks load: reveal.js."""
    package = tools / "node_modules" / "reveal.js"
    return {f"reveal/{name}": (package / path).read_bytes() for name, path in _PARTS.items()}
