"""What the site is made of: the pages of the repository, the files they quote and name, and the links between them."""

import html
import posixpath
import re
import urllib.parse

from .. import check_quotes, check_text, regions
from ..check_lesson import anchor
from . import asked, listing, quotes, tables, watch
from .shell import Page, esc, relative
from .words import WORDS

_IMAGES = (".svg", ".png", ".jpg")
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.S)
_TAG = re.compile(r"<[^>]+>")
_LINK = re.compile(r'(<a href|<img src)="([^"]*)"')
_NAMED = re.compile(r'<a href="([^"#]*)">[\w./-]+\.md</a>')
_PROMISE = re.compile(r"<p><strong>(P\d+)\.</strong>")
_NOT_TEXT = re.compile(r"(<(pre|code|a|h[1-6]|figure)\b.*?</\2>|<[^>]+>)", re.S)
_MARK = re.compile(r"<!--course:(\d+)-->")


class Document:
    """A Markdown page of the repository and where it goes."""

    def __init__(self, path, out, lang, group):
        self.path, self.out, self.lang, self.group = path, out, lang, group
        self.html, self.title, self.headings, self.blocks = "", "", [], []
        self.tables = {}  # those blocks that are tables -> their HTML


def documents(repo):
    files = set(repo.files())
    found = [Document("README.ko.md", "index.html", "ko", "start"), Document("README.md", "en/index.html", "en", "start")]
    for lang, prefix in (("ko", ""), ("en", "en/")):
        for path in sorted(f for f in files if re.fullmatch(rf"notes/{lang}/\w+\.md", f)):
            name = posixpath.basename(path)[:-3]
            found.append(Document(path, f"{prefix}{name}.html", lang, "notes" if name[0].isdigit() else "reference"))
        found += [Document(f"{s.folder}/README{'.ko' * (lang == 'ko')}.md", f"{prefix}card/{s.number}.html", lang, "cards")
                  for s in repo.present()]
        for group in ("tasks", "museum"):
            found += [Document(path, f"{prefix}{group}/{posixpath.basename(path)[:-3]}.html", lang, group)
                      for path in sorted(f for f in files if re.fullmatch(rf"notes/{lang}/{group}/[\w.-]+\.md", f))]
    found.append(Document("CONTRIBUTING.md", "en/contributing.html", "en", ""))
    return [d for d in found if d.path in files]


class Site:
    """`problems`: what the strict build fails for."""

    def __init__(self, repo, talks=None):
        """`talks`: the slides.Slides whose links lead here."""
        self.repo, self.problems = repo, []
        self.documents = documents(repo)
        self._decks = talks.addresses if talks else {}
        self._mentioned = talks.mentioned if talks else set()
        self._by_path = {d.path: d for d in self.documents}
        self._files = set(repo.files())
        self._folders = {posixpath.dirname(f) for f in self._files}
        self._folders |= {f[:n] for f in self._folders for n, c in enumerate(f) if c == "/"}
        self.sources, self.images = set(), set()
        self._listed, self._code = {}, {}  # path -> quotes.Source, and its highlighted lines with those of what is given

    # -- before rendering ------------------------------------------------------------------------

    def read(self):
        """Reads the pages; returns the items for the renderer (tools/site/render.mjs)."""
        items = []
        for doc in self.documents:
            text = check_quotes.without((self.repo.root / doc.path).read_text(encoding="utf-8"))
            items.append({"md": quotes.split(text, lambda _, *found, doc=doc: self._block(doc, *found))})
            for _, target in check_text._page_links(text):
                self._name(self._target(doc, target)[0])
        for path in sorted(self._mentioned):
            self._name(path)
        for doc in self.documents:
            for found in doc.blocks:
                if isinstance(found, quotes.Quote):
                    self.sources |= {f"{s.folder}/{found.file}" for s, _ in found.stages()} | {found.path}
        self.sources = {s for s in self.sources if not s.endswith(_IMAGES)}
        self._listed = {path: quotes.Source(self.repo, path) for path in sorted(self.sources)}
        for path, source in self._listed.items():
            items += [{"code": text, "file": path} for text in (source.text, source.given) if text is not None]
        return items

    def _block(self, doc, target, kind, name):
        path = self._target(doc, target)[0]
        try:
            found = quotes.Quote(self.repo, path, name) if kind == "region" else (kind, path, name)
            if kind == "table" and (name not in tables.TABLES or path not in self._files):
                raise KeyError(name)
        except (OSError, KeyError):
            self.problems.append(f"{doc.path}: {path} has no {kind} [{name}]")
            return f"({path}: {name})"
        doc.blocks.append(found)
        return f"<!--course:{len(doc.blocks) - 1}-->"

    def _target(self, doc, target):
        """(path within the repository, what is behind #)"""
        path, _, fragment = urllib.parse.unquote(target).partition("#")
        if path.startswith("/"):  # our own: from the top of the repository
            return path[1:], fragment
        return quotes.path_of(doc.path, path), fragment

    def _name(self, path):
        """A file or a folder that a page names gets a page."""
        if path in self._by_path or path in self._decks or watch.run_of(path):
            return
        if path in self._files:
            (self.images if path.endswith(_IMAGES) else self.sources).add(path)
        elif path in self._folders and not self._card(path, "ko"):
            for name in self._in_folder(path):
                self._name(f"{path}/{name}")

    def _in_folder(self, path):
        return sorted(f[len(path) + 1:] for f in self._files if f.startswith(path + "/") and "/" not in f[len(path) + 1:])

    def _card(self, path, lang):
        return next((d for d in self.documents if d.group == "cards" and d.lang == lang and posixpath.dirname(d.path) == path), None)

    def _text(self, path):
        return (self.repo.root / path).read_text(encoding="utf-8", errors="replace")

    # -- after rendering -------------------------------------------------------------------------

    def finish(self, rendered):
        """[Page] of everything, from what the renderer made of the items."""
        for doc, text in zip(self.documents, rendered):
            doc.html = self._headings(doc, text)
            doc.html = asked.fold(doc.path, doc.headings, doc.html)
        for doc in self.documents:
            doc.html = self._promises(doc)
        code = iter(rendered[len(self.documents):])
        self._code = {path: (next(code), next(code) if source.given is not None else ()) for path, source in self._listed.items()}
        for doc in self.documents:  # first, because other pages lead to their rows
            for found in doc.blocks:
                if not isinstance(found, quotes.Quote) and found[0] == "table":
                    doc.tables[found] = tables.TABLES[found[2]](self.repo, found[1], doc.lang)
        pages = [self._page(doc) for doc in self.documents]
        if self.repo.data.get("course", {}).get("handout"):  # what leads to a later stage leads nowhere there
            self.problems.clear()
        return pages + [self._source(path) for path in sorted(self.sources)] + list(self._folder_pages())

    def _headings(self, doc, text):
        used = {}

        def with_anchor(match):
            level, inner = match.groups()
            title = html.unescape(_TAG.sub("", inner))
            name = anchor(title)
            used[name] = used.get(name, -1) + 1
            name += f"-{used[name]}" if used[name] else ""
            doc.headings.append((int(level), name, title))
            return f'<h{level} id="{esc(name)}">{inner} <a class="anchor" href="#{esc(name)}" aria-hidden="true" tabindex="-1">#</a></h{level}>'

        text = _HEADING.sub(with_anchor, text)
        doc.title = next((t for level, _, t in doc.headings if level == 1), doc.path)
        return text.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")

    def _promises(self, doc):
        """P11 in a text leads to what the port promises by that number, on the page that says it."""
        port = self._by_path.get(f"notes/{doc.lang}/port.md")
        if port is doc:
            return _PROMISE.sub(lambda m: f'<p id="{m.group(1).lower()}"><strong>{m.group(1)}.</strong>', doc.html)
        told = set(re.findall(r'<p(?: id="p\d+")?><strong>(P\d+)\.</strong>', port.html)) if port else ()
        table = next((b[1] for b in port.blocks if isinstance(b, tuple) and b[2] == "promises"), None) if port else None
        listed = tables.promise_titles(self.repo, table) if table else ()

        def link(match):
            name = match.group(0)
            to = name.lower() if name in told else f"{name.lower()}-tests" if name in listed else ""
            return f'<a href="/{port.path}#{to}">{name}</a>' if to else name

        pieces, out, at = _NOT_TEXT.finditer(doc.html), [], 0
        for piece in pieces:
            out += [re.sub(r"\bP\d{1,3}(?!\d)", link, doc.html[at:piece.start()]), piece.group(0)]
            at = piece.end()
        return "".join(out) + doc.html[at:]

    def _page(self, doc):
        body = _NAMED.sub(lambda m: self._titled(doc, m), doc.html)
        body = _LINK.sub(lambda m: f'{m.group(1)}="{esc(self._link(doc, html.unescape(m.group(2))))}"', body)
        body = _MARK.sub(lambda m: self._block_html(doc, doc.blocks[int(m.group(1))]), body)
        if doc.group == "start":
            body = body.replace("</p>", "</p>" + self._begin(doc), 1)
        other = check_text._counterpart(doc.path)
        return Page(doc.out, doc.lang, doc.title, doc.group, body, [(n, t) for level, n, t in doc.headings if level == 2],
                    self._by_path[other].out if other in self._by_path else "", kind=doc.group)

    def _titled(self, doc, match):
        """A page that is named by its path is named by its title here."""
        to = self._by_path.get(self._target(doc, html.unescape(match.group(1)))[0])
        return f'<a href="{match.group(1)}">{esc(to.title)}</a>' if to else match.group(0)

    def _begin(self, doc):
        """The first page's ways into the course."""
        mine = [d for d in self.documents if d.lang == doc.lang]
        ways = [("begin", next((d for d in mine if d.group == "notes"), None)), ("begin_task", next((d for d in mine if d.group == "tasks"), None)),
                ("begin_protocol", self._by_path.get(f"notes/{doc.lang}/protocol.md"))]
        links = "".join(f'<a href="{esc(relative(doc.out, d.out))}">{WORDS[doc.lang][way]}</a>' for way, d in ways if d)
        return f'<nav class="begin">{links}</nav>'

    def _block_html(self, doc, found):
        def link(path):
            to = self.address(path, doc.lang)
            return to and relative(doc.out, to)

        if isinstance(found, quotes.Quote):
            return listing.quote(found, self._code[found.path], doc.lang, link)
        kind, path, name = found
        if kind == "table":
            return doc.tables[found]
        return f'<div class="widget" data-widget="{esc(name)}"></div><script src="{relative(doc.out, f"assets/{name}.js")}" defer></script>'

    def _link(self, doc, target):
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.I):
            return target
        path, fragment = self._target(doc, target)
        to = self._by_path.get(path) or self._card(path, doc.lang)
        if to:
            if fragment and fragment not in (n for _, n, _ in to.headings) and not any(f' id="{fragment}"' in h for h in (to.html, *to.tables.values())):
                self.problems.append(f"{doc.path}: {to.path} has no heading #{fragment}")
            return relative(doc.out, to.out) + ("#" + fragment if fragment else "") if to is not doc or not fragment else "#" + fragment
        where = self.address(path, doc.lang)
        if not where:
            self.problems.append(f"{doc.path}: {path} does not exist")
            return "#"
        if fragment.startswith("region="):
            lines = regions.quoted(self._text(path))[0].get(fragment[len("region="):])
            fragment = f"L{quotes.shown_from(self._text(path), lines[0])}" if lines else ""
        return relative(doc.out, where) + ("#" + fragment if fragment else "")

    def highlighted(self, path):
        """The lines of a file as HTML, and those of what a student starts with in its place."""
        return self._code[path]

    def address(self, path, lang):
        """Where a path of the repository is in the site; "" when it is not."""
        if path in self._by_path:
            return self._by_path[path].out
        if watch.run_of(path):
            return watch.address(watch.run_of(path), lang) if path in self._files else ""
        if path in self._decks:
            return self._decks[path]
        if path in self.images:
            return f"assets/{path}"
        if path in self.sources:
            return f"src/{path}.html"
        card = self._card(path, lang)
        return card.out if card else f"src/{path}/index.html" if path in self._folders else ""

    def _source(self, path):
        """One file with its lines; pages of files are in no language."""
        out = f"src/{path}.html"
        stage, inner = quotes.stage_of(self.repo, path)
        others = [(s.number, relative(out, f"src/{s.folder}/{inner}.html")) for s in self.repo.present()
                  if stage and f"{s.folder}/{inner}" in self.sources]
        links = " ".join(f'<a href="{esc(to)}"{" aria-current=page" if n == stage.number else ""}>{n}</a>' for n, to in others)
        source = self._listed[path]
        body = listing.code(source.parts(1, len(source.lines)), self._code[path], "ko", ids=True)
        return Page(out, "ko", path, "", f"<h1>{esc(path)}</h1><p>{WORDS['ko']['stages'] + ' ' + links if links else ''}</p>"
                    f'<figure class="quote">{body}</figure>', kind="source")

    def _folder_pages(self):
        named = {self._target(d, t)[0] for d in self.documents for _, t in check_text._page_links(self._text(d.path))}
        for path in sorted(named & self._folders - self._by_path.keys()):
            if self._card(path, "ko"):
                continue
            out = f"src/{path}/index.html"
            rows = "".join(f'<li><a href="{esc(relative(out, self.address(f"{path}/{n}", "ko")))}">{esc(n)}</a></li>' for n in self._in_folder(path))
            yield Page(out, "ko", path + "/", "", f"<h1>{esc(path)}/</h1><ul>{rows}</ul>", kind="source")


def search_entries(doc):
    """[(anchor, heading, text)] of a page's sections, as they are searched."""
    found, name, title = [], "", doc.title
    for at, piece in enumerate(re.split(r'(<h[1-6] id="[^"]*">.*?</h[1-6]>)', doc.html, flags=re.S)):
        if at % 2:
            name = html.unescape(re.match(r'<h[1-6] id="([^"]*)"', piece).group(1))
            title = html.unescape(_TAG.sub("", re.sub(r'<a class="anchor".*?</a>', "", piece))).strip()
            continue
        plain = _MARK.sub(lambda m: _searched(doc, doc.blocks[int(m.group(1))]), piece)
        plain = re.sub(r'<pre class="mermaid">.*?</pre>', " ", plain, flags=re.S)
        text = "" if asked.is_asked(doc.path, title) else re.sub(r"\s+", " ", html.unescape(_TAG.sub(" ", plain))).strip()
        if text or name:
            found.append((name, title, text))
    return found


def _searched(doc, block):
    return f" {block.path} " if isinstance(block, quotes.Quote) else doc.tables.get(block, "")
