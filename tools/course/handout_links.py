"""What a page of a hand-out leads to is in the hand-out: what leads to a later stage becomes plain text, or goes."""

import os
import posixpath
import re
import urllib.parse

from . import check_quotes, check_text

_TAUGHT = re.compile(r"^.*(?:taught in|배우는 곳): (.*)$", re.M)
_CHAPTER = re.compile(r"\]\((?:[a-z.]+/)*(\d\d)[a-z]?_\w+\.md")  # a link to one
_TASK = re.compile(r"tasks/(\d\d[a-z]?\.\d+)\.md\)")
_QUOTE = re.compile(r"^\[[^\]\n]*\]\([^()\s]+#(?:region|table|widget)=[^()\s]+\)$", re.M)
_EMPTY_TABLE = re.compile(r"^\|.*\n\|[-| :]+\n(?!\|)", re.M)

_WHOLE = {"en": "The tasks of this part were not handed out: its code is here whole.", "ko": "이 부분의 과제는 나누어 주지 않았다. 코드는 완성되어 있다."}


def taught_later(text, number):
    """Is it a page whose chapters all belong to later stages?"""
    line = _TAUGHT.search(text)
    chapters = _CHAPTER.findall(line.group(1)) if line else []
    return bool(chapters) and all(chapter > number for chapter in chapters)


class Links:
    """`names`: the paths of all that is handed out."""

    def __init__(self, handout, names):
        self.handout = handout
        self.names = {".", *names, *(f for name in names for f in _folders(name))}
        self.later = [s.folder for s in handout.repo.stages.values() if s.number > handout.stage.number and s.folder]

    def page(self, path, text):
        """The page at `path` as it is handed out."""
        text = _QUOTE.sub(lambda m: self._here(path, m.group(0)), check_quotes.without(text))  # the code of quotes is written anew
        first, *sections = _sections(text)
        kept = [self._rows(path, first)]
        for section in sections:
            if any(self._dead(path, target) for quote in _QUOTE.findall(section) for _, target in _targets(quote)):
                continue
            cut = self._rows(path, section)
            if cut != section:
                cut = _EMPTY_TABLE.sub("", cut)
                if not cut.partition("\n")[2].strip():
                    if not self.handout.kept_whole.intersection(_TASK.findall(section)):
                        continue
                    cut = f"{cut.partition(chr(10))[0]}\n\n{_WHOLE['ko' if '/ko/' in path else 'en']}\n\n"
            kept.append(cut)
        return self._plain(path, "".join(kept))

    def _here(self, path, quote):
        """The quote of a later stage's file, when this stage has the file too: of this one's."""
        for folder in self.later:
            ours = quote.replace(f"/{folder}/", f"/{self.handout.stage.folder}/")
            if ours != quote and not self._dead(path, next(_targets(ours))[1]):
                return ours
        return quote

    def _rows(self, path, text):
        """Without the rows of tables that lead to what is not in it."""
        def goes(line):
            return (any(f in line for f in self.later) or any(c > self.handout.stage.number for c in _CHAPTER.findall(line))
                    or not self.handout.kept_whole.isdisjoint(_TASK.findall(line)) or any(self._dead(path, t) for _, t in _targets(line)))
        return "".join(l for l in text.splitlines(keepends=True) if not (l.startswith("|") and goes(l)))

    def _plain(self, path, text):
        """Links in prose that lead nowhere are their text."""
        for match, target in reversed(list(_targets(text))):
            if self._dead(path, target):
                link = text[match.start():match.end()]
                text = text[:match.start()] + link[link.index("[") + 1:link.rindex("](")] + text[match.end():]
        return text

    def _dead(self, path, target):
        target = urllib.parse.unquote(target)
        if not check_text.is_relative(target) or target.startswith("#"):
            return False
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), target.partition("#")[0])) not in self.names


def _targets(text):
    return check_text.link_matches(text)


def _folders(name):
    while name := os.path.dirname(name):
        yield name


def _sections(text):
    """The text before the first `## `, and each section with its heading; a heading in a block of code is none."""
    found, fenced = [""], False
    for line in text.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if line.startswith("## ") and not fenced:
            found.append("")
        found[-1] += line
    return found
