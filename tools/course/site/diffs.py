"""The pages of the differences: one for each two neighbours, with the answers of the new stage's tasks folded."""

from .. import diff_entries, diff_page, regions
from .. import lesson
from ..check_lesson import anchor
from .shell import Page, esc, relative
from .words import WORDS


def pages(repo):
    """[Page] of each pair that is there, in both languages."""
    found = []
    for old, new in repo.neighbours():
        if lesson.of(new).problems or not lesson.of(new).steps:
            continue
        entries = {lang: diff_entries.entries(repo, old, new, lang) for lang in ("ko", "en")}
        for lang, prefix in (("ko", ""), ("en", "en/")):
            name = f"diff/{old.number}-{new.number}.html"
            view = diff_entries.View(repo, old, new, entries[lang])
            found.append(Page(prefix + name, lang, f"{old.number} → {new.number}", "diffs", _body(view, old, new, lang, prefix + name),
                              other="en/" + name if lang == "ko" else name, kind="diff"))
    return found


def _body(view, old, new, lang, out):
    words = WORDS[lang]

    def note(step):
        page = step.note_page(lang).removeprefix("notes/ko/").removeprefix("notes/").replace(".md", ".html")
        to = relative(out, f"{page}#{anchor(step.section[lang])}")
        tasks = "".join(f" · {words['task'].format(t=t)}" for t in step.tasks)
        return f'<p><a href="{esc(to)}">{words["note"]}: {esc(step.section[lang])}</a>{tasks}</p>'

    title, concept = (new.title_ko, new.concept_ko) if lang == "ko" else (new.title, new.concept)
    head = (f'<h1>{esc(old.folder)} → {esc(new.folder)}</h1><p>{esc(title)}: {esc(concept)}</p>'
            f'<p><button data-toggle="unified">{words["unified"]}</button></p>')
    return head + diff_page.lesson_body(view, lang, lambda entry, rows: folded(entry, rows, lang), note)


def folded(entry, rows, lang):
    """The rows of a file; those in a student's region behind a line that says so."""
    tasks, out, run, current = regions.student("\n".join(entry.new))[0], [], [], None
    for row in rows + [None]:
        task = row and next((t for t, first, last in tasks if first <= row.new <= last), None)
        if row is None or task != current:
            if run:
                out.append(_run(run, current, lang))
            run, current = [], task
        run.append(row)
    return "\n".join(out)


def _run(rows, task, lang):
    sides = diff_page.sides_of(rows)
    if not task:
        return sides
    ask = WORDS[lang]["answer"].format(t=task, n=sum(r.tag != "-" for r in rows))
    return f'<details class="answer"><summary><span class="ask">{ask}</span></summary>{sides}</details>'
