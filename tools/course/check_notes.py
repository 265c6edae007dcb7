"""Checks on the chapters of the notes: the same parts in each, in both languages, and a place for each concept of the sources."""

import os
import posixpath
import re
import urllib.parse

from .check_lesson import anchor

_CHAPTER = re.compile(r"/\d\d[a-z]?_\w+\.md$")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.M | re.S)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.M)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FIGURE = re.compile(r"^```mermaid$|^!\[", re.M)
_DETAILS = re.compile(r"<details>\n<summary>.*?</summary>\n(.*?)</details>", re.S)
_FIGURES = 3

PARTS = {
    "en": ("Predict first", "Build", "Tasks", "Run and look", "Verify", "Self-check"),
    "ko": ("먼저 예측해 보세요", "만들기", "과제", "돌려 보고, 살펴보기", "확인", "스스로 점검"),
}


def _read(repo, page):
    return (repo.root / page).read_text(encoding="utf-8")


def _names(repo):
    return sorted(p.split("/")[-1] for p in repo.files() if re.match(r"notes/en/[^/]+$", p) and _CHAPTER.search(p))


def _headings(text):
    """[(level, heading)] of a page, without those in its code."""
    return [(len(marks), title) for marks, title in _HEADING.findall(_FENCE.sub("", text))]


def _numbered(text):
    return [int(n) for n in re.findall(r"^(\d+)\. ", text, re.M)]


def chapters(repo):
    """Each chapter has the same parts in the same order, enough figures, an answer for each question, and in both languages
    the same headings."""
    problems = []
    names = _names(repo)
    for name in names:
        texts = {lang: _read(repo, f"notes/{lang}/{name}") for lang in PARTS if (repo.root / f"notes/{lang}/{name}").is_file()}
        for lang, text in texts.items():
            entrance = any(re.match(name[:2] + "[a-z]_", other) for other in names)  # to chapters that are its parts
            problems += [f"notes/{lang}/{name}: {p}" for p in _faults(text, PARTS[lang], entrance)]
        levels = {lang: [level for level, _ in _headings(text)] for lang, text in texts.items()}
        if len(levels) == 2 and levels["en"] != levels["ko"]:
            problems.append(f"notes/*/{name}: English and Korean have different headings")
    return problems, []


def _faults(text, parts, entrance):
    problems = []
    figures = len(_FIGURE.findall(text))
    if figures < _FIGURES:
        problems.append(f"{figures} figures, wanted: {_FIGURES}")
    if entrance:
        return problems
    found = [title.split(":")[0] for level, title in _headings(text) if level == 2]
    wanted = [part for part in parts if part in found]
    problems += [f"no section '{part}'" for part in parts if part not in found]
    if [title for title in found if title in parts] != wanted:
        problems.append("its sections are not in the order " + ", ".join(parts))
    return problems + _unanswered(text, parts[-1])


def _unanswered(text, part):
    last = text.split(f"\n## {part}\n")[-1]
    answers = _DETAILS.search(last)
    if not answers:
        return ["the self-check has no folded answers"]
    asked, answered = _numbered(last[:answers.start()]), _numbered(answers.group(1))
    if not asked or asked != answered or asked != list(range(1, len(asked) + 1)):
        return [f"the self-check asks {asked} and answers {answered}"]
    return []


def _rows(text):
    """[(line, [link])] of the tables of a page; a row without a link has an empty list."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("|") and not re.match(r"\|[-| :]+\|$", line):
            rows.append((number, [urllib.parse.unquote(t) for t in _LINK.findall(line)]))
    return rows


def _place(repo, page, target):
    """(file, how many headings come before) that a link leads to; the second is None without such a heading."""
    file, _, name = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), file)) if file else page
    if not (repo.root / file).is_file():
        return file, None
    if not name:
        return file, 0
    anchors = [anchor(title) for _, title in _headings(_read(repo, file))]
    return file, anchors.index(name) if name in anchors else None


def concepts(repo):
    """Each row of notes/*/concepts.md leads to a section that exists, and both languages have the same rows."""
    pages = {lang: f"notes/{lang}/concepts.md" for lang in PARTS}
    missing = [p for p in pages.values() if _names(repo) and not (repo.root / p).is_file()]
    if missing or not _names(repo):
        return [f"{p} is missing" for p in missing], []
    problems, places = [], {}
    for lang, page in pages.items():
        places[lang] = []
        for line, links in _rows(_read(repo, page)):
            found = [_place(repo, page, link) for link in links]
            problems += [f"{page}:{line}: no such section: {link}" for link, (_, at) in zip(links, found) if at is None]
            places[lang].append((line, [(os.path.basename(file), at) for file, at in found]))
    if len(places["en"]) != len(places["ko"]):
        problems.append(f"notes/*/concepts.md: {len(places['en'])} rows in English, {len(places['ko'])} in Korean")
    for (line, english), (_, korean) in zip(places["en"], places["ko"]):
        if english != korean:
            problems.append(f"{pages['en']}:{line}: English and Korean lead to different sections")
    return problems, []
