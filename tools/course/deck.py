"""The slides of a chapter: notes/slides/ko/04.md and notes/slides/en/04.md.

Plain Markdown: `---` between two slides, in each one comment `<!-- 4 min: what the lecturer says -->` (`분` in Korean). A paragraph
that is nothing but one of these is replaced when the deck is built:

    [net/send_queue.h: push](../../../04_send_batching/src/net/send_queue.h#region=push)    the code, as the starter shows it
    ![The queue](../figures/04-queue.mmd)                                                 a figure that both languages share
    [course.toml](../../../course.toml#tasks=04)                                          the tasks of the chapter

A figure is Mermaid's text with English labels; its lines `%% ko: label | 라벨` say them in Korean."""

import re

from . import lesson
from .site import quotes

FOLDER = "notes/slides"
LANGUAGES = ("ko", "en")
SLIDES, MINUTES, LINES, COLUMNS = range(15, 26), range(80, 96), 20, 82

_CHAPTER = re.compile(r"notes/ko/((\d\d)[a-z]?)_\w+\.md")
_NOTE = re.compile(r"<!--\s*(\d+)\s*(?:min|분):\s*(.*?)\s*-->", re.S)
_CODE = re.compile(r"\[[^\]]*\]\(([^()\s#]+)#(region|tasks)=([^()\s]+)\)")
_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^()\s]+)\)")
_KOREAN = re.compile(r"^\s*%% ko: (.*?) \| (.*?)\s*$", re.M)


class Item:
    """What a paragraph stands for: kind is "region", "tasks" or "figure"; path is the repository's."""

    def __init__(self, line, kind, path, name):
        self.line, self.kind, self.path, self.name = line, kind, path, name

    @property
    def key(self):
        return self.kind, self.path, self.name if self.kind != "figure" else ""


class Slide:
    """`blocks`: Markdown texts and Items, in order. `notes`: [(minutes, text)], which should be one."""

    def __init__(self, path, line, lines):
        self.path, self.line, self.blocks = path, line, []
        text = "\n".join(lines)
        self.notes = [(int(m), said) for m, said in _NOTE.findall(text)]
        blank = _NOTE.sub(lambda m: "\n" * m.group(0).count("\n"), text).split("\n")
        self.title = next((l.lstrip("# ") for l in blank if l.startswith("#")), "")
        plain, fence = [], False
        for at, one in enumerate(blank):
            fence ^= one.lstrip().startswith("```")
            item = None if fence else self._item(one.strip(), line + at)
            if item:
                self.blocks += ["\n".join(plain), item]
                plain = []
            else:
                plain.append(one)
        self.blocks.append("\n".join(plain))

    def _item(self, text, line):
        code, figure = _CODE.fullmatch(text), _FIGURE.fullmatch(text)
        if code:
            return Item(line, code[2], quotes.path_of(self.path, code[1]), code[3])
        return Item(line, "figure", quotes.path_of(self.path, figure[2]), figure[1]) if figure else None

    @property
    def items(self):
        return [b for b in self.blocks if isinstance(b, Item)]

    def code_lines(self):
        """The lines of its code blocks."""
        fence = False
        for line in "\n".join(b for b in self.blocks if isinstance(b, str)).splitlines():
            mark = line.lstrip().startswith("```")
            fence ^= mark
            if fence and not mark:
                yield line

    @property
    def minutes(self):
        return sum(m for m, _ in self.notes)


class Deck:
    def __init__(self, repo, lang, chapter):
        self.repo, self.lang, self.chapter = repo, lang, chapter
        self.path = f"{FOLDER}/{lang}/{chapter}.md"
        self.slides, start, lines, fence = [], 1, [], False
        for number, line in enumerate((repo.root / self.path).read_text(encoding="utf-8").splitlines() + ["---"], 1):
            fence ^= line.lstrip().startswith("```")
            if line == "---" and not fence:
                self.slides.append(Slide(self.path, start, lines))
                start, lines = number + 1, []
            else:
                lines.append(line)

    @property
    def title(self):
        return self.slides[0].title


def chapters(repo):
    """["00", "01", .. "07a", ..] -> the page of each; a chapter that is only the entrance to its parts has no deck."""
    found = {m[1]: path for path in sorted(repo.files()) if (m := _CHAPTER.fullmatch(path))}
    return {c: p for c, p in found.items() if not any(other[:-1] == c for other in found)}


def decks(repo, lang):
    """The decks that are there, in the order of the chapters."""
    return [Deck(repo, lang, c) for c in chapters(repo) if (repo.root / f"{FOLDER}/{lang}/{c}.md").is_file()]


def shown(repo, item):
    """[(is it of what a student starts with?, line number, text)] of a region as a slide shows it: no task's answer. KeyError
    when there is no such region."""
    quote, lines = quotes.Quote(repo, item.path, item.name), []
    own, given = quote.source.lines, (quote.source.given or "").splitlines()
    for part in quote.parts():
        answer = isinstance(part, quotes.Answer)
        lines += [(answer, n, (given if answer else own)[n - 1]) for n in (part.given if answer else part.numbers)]
    while lines and not lines[-1][2].strip():
        lines.pop()
    return lines


def indent(lines):
    return min((len(t) - len(t.lstrip()) for *_, t in lines if t.strip()), default=0)


def tasks(repo, chapter):
    """The tasks of the chapter: of a stage, or of the part of a stage."""
    stage = repo.stages.get(chapter[:2])
    if stage is None:
        return []
    part = lesson.of(stage).find_part(chapter) if len(chapter) > 2 else None
    mine = {t for step in part.steps for t in step.tasks} if part else None
    return [t for t in stage.tasks if mine is None or t.id in mine or t.id.startswith(chapter + ".")]


def figure(repo, path, lang):
    """Mermaid's text in that language."""
    text = (repo.root / path).read_text(encoding="utf-8")
    body = _KOREAN.sub("", text)
    if lang == "ko":
        for english, korean in sorted(_KOREAN.findall(text), key=lambda pair: -len(pair[0])):
            body = body.replace(english, korean)
    return body.strip() + "\n"


def untranslated(repo, path):
    """Labels with a Korean wording that the figure does not have."""
    text = (repo.root / path).read_text(encoding="utf-8")
    body = _KOREAN.sub("", text)
    return [english for english, _ in _KOREAN.findall(text) if english not in body]
