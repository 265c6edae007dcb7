"""The difference as a page without any outside resource: both sides beside each other, the lesson open, the rest folded."""

import html

from . import diff_table
from .diff_entries import counts

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1500px; padding: 1rem; color: #1c2128; background: #fff }
table { border-collapse: collapse; width: 100% }
.files td, .files th { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #e3e6ea; vertical-align: top }
.files .step td { font-weight: 600; padding-top: .6rem }
.sides { table-layout: fixed; font: 12.5px/1.4 ui-monospace, monospace }
.sides td { white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 .4rem; vertical-align: top }
.sides .n { width: 3.2rem; color: #868e99; text-align: right; user-select: none }
.add { background: #dff5e1 } .del { background: #fde3e1 } .skip td { background: #eef2f7; color: #586373; padding: .2rem .4rem }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .3rem } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem }
.why { color: #586373; margin: 0 0 .5rem } summary { cursor: pointer; font-weight: 600; margin: 1.2rem 0 .4rem }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #d7dce2 } .add { background: #17361f }
  .del { background: #43201f } .skip td { background: #20262d } .files td, .files th { border-color: #30363d } a { color: #7ab7ff } }
"""
_WORDS = {
    "en": {"file": "file", "lines": "lines", "why": "why", "gone": "gone", "same": "the same in both stages", "later": "below: stage {n}, {title}", "": "unchanged"},
    "ko": {"file": "파일", "lines": "줄", "why": "까닭", "gone": "없어졌습니다", "same": "두 단계에서 같습니다", "later": "아래, {n}단계의 '{title}'에서", "": "그대로",
           "new": "새 파일", "changed": "바뀜", "removed": "없어짐", "renamed": "이름 바뀜"},
}


def _files_head(lang):
    words = _WORDS[lang]
    return f'<table class="files"><tr><th><th>{words["file"]}<th>{words["lines"]}<th>{words["why"]}'


def _kind(entry, lang):
    kind = entry.kind if entry else ""
    return _WORDS[lang].get(kind, kind)


def _esc(text):
    return html.escape(text, quote=True)


def lesson_page(view, lang):
    return "\n".join(_head(view.old, view.new, lang)) + lesson_body(view, lang) + "\n</html>\n"


def lesson_body(view, lang, sides=lambda entry, rows: sides_of(rows), more=lambda step: ""):
    """Table, then the steps, then every other group folded; a stage without steps has nothing folded. The site has its own
    `sides`, and says `more` of a step."""
    out, body, words = [_files_head(lang)], [], _WORDS[lang]
    for number, step in enumerate(view.steps):
        part = f"{step.part.id} {step.part.title[lang]}: " if step.part.id else ""
        out.append(f'<tr class="step"><td><td colspan="3"><a href="#s{number}">{_esc(part)}{step.number}. {_esc(step.title[lang])}</a>')
        body.append(f'<h2 id="s{number}">{_esc(part)}{step.number}. {_esc(step.title[lang])}</h2><p>{_esc(step.text[lang])}</p>{more(step)}')
        for at, reading in enumerate(view.of_step(step)):
            name, kind = f"s{number}f{at}", _kind(reading.entry, lang)
            out.append(_row(kind, name, reading.excerpt.label, reading.rows, reading.excerpt.why[lang]))
            body.append(_file(name, kind, reading.excerpt.label, reading.excerpt.why[lang]))
            if reading.gone or not reading.changed:
                later = words["later"].format(n=reading.later.stage.number, title=_esc(reading.later.title[lang])) if reading.later else ""
                body.append(f"<p>({words['gone'] if reading.gone else later or words['same']})</p>")
            else:
                body.append(sides(reading.entry, reading.rows))
    for group in diff_table.ORDER:
        found = view.rest.get(group, [])
        if not found:
            continue
        sums = [counts(rows) for _, rows in found]
        title, about = diff_table.TITLES[group][lang], diff_table.ABOUT[group][lang]
        out.append(f'<tr class="step"><td><td><a href="#g-{group}">{_esc(title)}</a><td>+{sum(a for a, _ in sums)} '
                   f"-{sum(r for _, r in sums)}<td>{_esc(about)}")
        body.append(f'<details id="g-{group}"{"" if view.steps else " open"}><summary>{_esc(title)} ({len(found)})</summary>')
        body += [_whole(f"g-{group}-{at}", entry, rows, lang, sides) for at, (entry, rows) in enumerate(found)]
        body.append("</details>")
    return "\n".join(out + ["</table>"] + body)


def files_page(old, new, chosen):
    out = _head(old, new, "en") + [_files_head("en")] + [_row(e.kind, f"f{n}", e.path, e.rows(), e.reason) for n, e in enumerate(chosen)]
    return "\n".join(out + ["</table>"] + [_whole(f"f{n}", e, e.rows(), "en") for n, e in enumerate(chosen)]) + "\n</html>\n"


def _head(old, new, lang):
    title, concept = (new.title_ko, new.concept_ko) if lang == "ko" else (new.title, new.concept)
    return [f'<!doctype html><html lang="{lang}"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_esc(old.folder)} - {_esc(new.folder)}</title><style>{_STYLE}</style>",
            f"<h1>{_esc(old.folder)} &rarr; {_esc(new.folder)}</h1><p>{_esc(title)}: {_esc(concept)}</p>"]


def _row(kind, name, label, rows, why):
    added, removed = counts(rows)
    return f'<tr><td>{kind}<td><a href="#{name}">{_esc(label)}</a><td>+{added} -{removed}<td>{_esc(why)}'


def _file(name, kind, label, why, was=""):
    note = (f", was {_esc(was)}" if was else "") + (f": {_esc(why)}" if why else "")
    return f'<h3 id="{name}">{_esc(label)}</h3><p class="why">{kind}{note}</p>'


def _whole(name, entry, rows, lang, sides=lambda entry, rows: sides_of(rows)):
    head = _file(name, _kind(entry, lang), entry.path, entry.reason, entry.old_path if entry.old_path != entry.path else "")
    return head + ("<p>(not text)</p>" if entry.binary else sides(entry, rows))


def sides_of(rows):
    if {r.tag for r in rows} == {"+"}:  # a new file: the other side would be empty
        return '<table class="sides"><colgroup><col class="n"><col></colgroup>' + "".join(
            f'<tr><td class="n">{r.new}<td class="add">{_esc(r.text)}' for r in rows) + "</table>"
    columns = '<colgroup><col class="n"><col><col class="n"><col></colgroup>'  # the first row may be a skip
    return f'<table class="sides">{columns}' + "".join(_lines(rows)) + "</table>"


def _lines(rows, context=3):
    """Removed and added lines of one place beside each other; long unchanged runs are counted."""
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and (rows[end].tag == " ") == (rows[at].tag == " "):
            end += 1
        run = rows[at:end]
        if run[0].tag == " ":
            head, tail = context if at else 0, context if end < len(rows) else 0
            if len(run) > head + tail + 1:
                yield from (_line(r, r, False) for r in run[:head])
                yield f'<tr class="skip"><td colspan="4">⋯ {len(run) - head - tail}'
                run = run[len(run) - tail:] if tail else []
            yield from (_line(r, r, False) for r in run)
        else:
            gone, come = [r for r in run if r.tag == "-"], [r for r in run if r.tag == "+"]
            for n in range(max(len(gone), len(come))):
                yield _line(gone[n] if n < len(gone) else None, come[n] if n < len(come) else None, True)
        at = end


def _line(left, right, changed):
    classes = ("del" if changed and left else "", "add" if changed and right else "")
    return (f'<tr><td class="n">{left.old if left else ""}<td class="{classes[0]}">{_esc(left.text) if left else ""}'
            f'<td class="n">{right.new if right else ""}<td class="{classes[1]}">{_esc(right.text) if right else ""}')
