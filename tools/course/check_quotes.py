"""The code of the notes' quotes, in the pages themselves: behind each link with #region= stands a folded block, so that a reader on
a plain code host sees it. The blocks are written by `./course check quotes --fix`; the site leaves them out and quotes the files."""

import re

from .site import quotes

_SUMMARY = {"ko": "코드", "en": "code"}
_BLOCK = re.compile(r"\n\n<details><summary>(?:코드|code)</summary>\n\n(```+)\w*\n.*?\n\1\n\n</details>", re.S)
_LANGUAGE = {"h": "cpp", "cc": "cpp", "proto": "protobuf", "py": "python", "cmake": "cmake", "toml": "toml", "sql": "sql", "js": "js"}


def without(text):
    """The page without its blocks."""
    return _BLOCK.sub("", text)


def blocks(text):
    """The code of the page's blocks."""
    return "\n".join(match.group(0) for match in _BLOCK.finditer(text))


def check(repo):
    """The block of each quote shows what its region holds now, and of a task only what a student starts with."""
    return [f"{path}: the code of its quotes is stale; ./course check quotes --fix" for path, text in _pages(repo) if text != _right(repo, path, text)], []


def write(repo):
    for path, text in _pages(repo):
        right = _right(repo, path, text)
        if right != text:
            (repo.root / path).write_text(right, encoding="utf-8")


def _pages(repo):
    for path in repo.files():
        if path.startswith(("notes/ko/", "notes/en/")) and path.endswith(".md"):  # slides are built, not read
            text = (repo.root / path).read_text(encoding="utf-8", errors="replace")
            if "#region=" in text:
                yield path, text


def _right(repo, path, text):
    language = "ko" if path.startswith("notes/ko/") else "en"

    def block(line, target, kind, name):
        if kind != "region":
            return line
        try:
            code = _code(quotes.Quote(repo, quotes.path_of(path, target), name))
        except (OSError, KeyError):  # the check "regions" says it
            return line
        fence = "```" + "`" * ("```" in code)
        kind = _LANGUAGE.get(target.rsplit(".", 1)[-1], "")
        return f"{line}\n\n<details><summary>{_SUMMARY[language]}</summary>\n\n{fence}{kind}\n{code}\n{fence}\n\n</details>"

    return quotes.split(without(text), block)


def _code(quote):
    lines, given = quote.source.lines, (quote.source.given or "").splitlines()
    shown = [line for part in quote.parts()
             for line in ([given[n - 1] for n in part.given] if isinstance(part, quotes.Answer) else [lines[n - 1] for n in part.numbers])]
    return "\n".join(shown).strip("\n")
