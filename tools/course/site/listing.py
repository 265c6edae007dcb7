"""Code as HTML: numbered lines, a student's part folded behind what the starter shows, and the previous stage's version."""

from .. import regions
from . import quotes
from .shell import esc
from .words import WORDS


def code(parts, lines, lang, ids=False):
    """`lines`: the highlighted lines of the whole file."""
    words, out = WORDS[lang], []
    for part in parts:
        body = "\n".join(_line(n, lines[n - 1], ids) for n in part.numbers)
        if isinstance(part, quotes.Answer):
            ask = words["answer"].format(t=part.task, n=len(part.numbers))
            out.append(f'<details class="answer"><summary><code>{esc(part.starter)}</code><span class="ask">{ask}</span></summary>'
                       f"<pre>{body}</pre></details>")
        else:
            out.append(f"<pre>{body}</pre>")
    return "\n".join(out)


def _line(number, text, ids):
    return f'<span class="l" data-n="{number}"{f" id=L{number}" if ids else ""}>{text}</span>'


def quote(found, lines, lang, link):
    """A quote with what is known about it. `link`(path of the repository) -> address."""
    words = WORDS[lang]
    stages = [f'<a href="{esc(link(f"{s.folder}/{found.file}"))}#L{_start(s, found)}"' + ("" if same else f' class="other" title="{words["elsewhere"]}"')
              + f'>{s.number}{"" if same else "*"}</a>' for s, same in found.stages()]
    where = (f'<a href="{esc(link(found.path))}#L{found.first}">{esc(found.file)}</a> <span>{words["line"].format(n=found.first)}</span>'
             + (f' <span class="stages">{words["stages"]} {" ".join(stages)}</span>' if stages else ""))
    return (f'<figure class="quote" data-region="{esc(found.name)}"><figcaption>{where}</figcaption>\n{code(found.parts(), lines, lang)}\n'
            f"{_before(found, words)}</figure>")


def _start(stage, found):
    text = (stage.path / found.file).read_text(encoding="utf-8", errors="replace")
    return regions.quoted(text)[0][found.name][0]


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
