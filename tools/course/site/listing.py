"""Code as HTML: numbered lines, a student's part folded behind what the starter shows, and the previous stage's version."""

from .. import regions, taskpage
from . import quotes
from .shell import esc
from .words import WORDS


def code(parts, code, lang, ids=False):
    """`code`: the highlighted lines of the whole file, and of what a student starts with (pages.Site)."""
    lines, given = code
    out = []
    for part in parts:
        body = f"<pre>{_lines(part.numbers, lines, ids)}</pre>"
        if isinstance(part, quotes.Answer):
            body = answer(part.task, [given[n - 1] for n in part.given], len(part.numbers), body, lang)
        out.append(body)
    return "\n".join(out)


def answer(task, given, count, body, lang):
    """`body`, which holds an answer of `count` lines, behind the lines that a student starts with."""
    ask = WORDS[lang]["right" if task.is_bug else "answer"].format(t=task.id, n=count)
    first = "\n".join(f'<span class="l">{line}</span>' for line in given)
    return f'<div class="answer"><pre class="given">{first}</pre><details><summary>{ask}</summary>{body}</details></div>'


def _lines(numbers, lines, ids):
    return "\n".join(_line(n, lines[n - 1], ids) for n in numbers)


def _line(number, text, ids):
    return f'<span class="l" data-n="{number}"{f" id=L{number}" if ids else ""}>{text}</span>'


def quote(found, lines, lang, link):
    """A quote with what is known about it. `lines`: see code(). `link`(path of the repository) -> address, "" when it has none."""
    words, start, parts = WORDS[lang], quotes.shown_from(found.text, found.first), found.parts()
    stages = [f'<a href="{esc(link(f"{s.folder}/{found.file}"))}#L{_start(s, found)}"' + ("" if same else f' class="other" title="{words["elsewhere"]}"')
              + f'>{s.number}{"" if same else "*"}</a>' for s, same in found.stages()]
    tasks = {p.task.id: link(taskpage.path(p.task.id, lang)) for p in parts if isinstance(p, quotes.Answer)}
    where = [f'<a href="{esc(link(found.path))}#L{start}">{esc(found.file)}</a> <span>{words["line"].format(n=start)}</span>']
    where += [f'<a class="task" href="{esc(to)}">{words["task"].format(t=task)}</a>' for task, to in tasks.items() if to]
    where += [f'<span class="stages">{words["stages"]} {" ".join(stages)}</span>'] if stages else []
    return (f'<figure class="quote" data-region="{esc(found.name)}"><figcaption>{" ".join(where)}</figcaption>\n{code(parts, lines, lang)}\n'
            f"{_before(found, words)}</figure>")


def _start(stage, found):
    text = (stage.path / found.file).read_text(encoding="utf-8", errors="replace")
    return quotes.shown_from(text, regions.quoted(text)[0][found.name][0])


def _before(found, words):
    previous, rows = found.before()
    if previous is None:
        return ""
    if rows is None:
        return f'<p class="before">{words["new_file"].format(n=previous.number)}</p>'
    if all(r.tag == "+" for r in rows):
        return f'<p class="before">{words["new_code"].format(n=previous.number)}</p>'
    if all(r.tag == " " for r in rows):
        return f'<p class="before">{words["same"].format(n=previous.number)}</p>'
    body = "\n".join(f'<span class="l{" del" if r.tag == "-" else ""}" data-n="{r.old}">{esc(r.text)}</span>' for r in rows if r.tag != "+")
    return f'<details class="before"><summary>{words["had"].format(n=previous.number)}</summary><pre>{body}</pre></details>'
