"""The pages of the differences: one for each two neighbours, with the answers of the new stage's tasks folded."""

from .. import diff_entries, diff_page, lesson
from ..check_lesson import anchor
from . import listing, quotes
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
            found.append(Page(prefix + name, lang, f"{old.number} → {new.number}", "diffs", _body(repo, view, old, new, lang, prefix + name),
                              other="en/" + name if lang == "ko" else name, kind="diff"))
    return found


def _body(repo, view, old, new, lang, out):
    words, prefix = WORDS[lang], "" if lang == "ko" else "en/"

    def note(step):
        page = step.note_page(lang).removeprefix("notes/ko/").removeprefix("notes/").replace(".md", ".html")
        to = relative(out, f"{page}#{anchor(step.section[lang])}")
        tasks = "".join(f' · <a href="{esc(relative(out, prefix + f"tasks/{t}.html"))}">{words["task"].format(t=t)}</a>' for t in step.tasks)
        return f'<p><a href="{esc(to)}">{words["note"]}: {esc(step.section[lang])}</a>{tasks}</p>'

    def sides(entry, rows):
        if entry.kind == "removed":
            return diff_page.sides_of(rows)
        return folded(rows, quotes.Source(repo, f"{new.folder}/{entry.path}"), lang)

    title, concept = (new.title_ko, new.concept_ko) if lang == "ko" else (new.title, new.concept)
    head = (f'<h1>{esc(old.folder)} → {esc(new.folder)}</h1><p>{esc(title)}: {esc(concept)}</p>'
            f'<p><button data-toggle="unified">{words["unified"]}</button></p>')
    return head + diff_page.lesson_body(view, lang, sides, note)


def folded(rows, source, lang):
    """The rows of a file; those in a student's region behind what a student starts with. `source`: the new file."""
    out, run, current = [], [], None
    for row in rows + [None]:
        answer = row and source.answer_at(row.new)
        if row is None or answer != current:
            if run:
                out.append(_run(run, current, source, lang))
            run, current = [], answer
        run.append(row)
    return "\n".join(out)


def _run(rows, answer, source, lang):
    sides = diff_page.sides_of(rows)
    if not answer:
        return sides
    task, _, _, (first, last) = answer
    return listing.answer(source.tasks[task], source.given.splitlines()[first - 1:last], sum(r.tag != "-" for r in rows), sides, lang)
