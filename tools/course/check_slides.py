"""Check: each chapter's slides are there in both languages, say the same, fit, and last one lecture."""

import unicodedata

from . import deck


def slides(repo):
    problems, notes, used = [], [], set()
    chapters = deck.chapters(repo)
    here = {lang: {d.chapter: d for d in deck.decks(repo, lang)} for lang in deck.LANGUAGES}
    for chapter in chapters:
        ko, en = here["ko"].get(chapter), here["en"].get(chapter)
        if ko and en:
            for one in (ko, en):
                problems += _alone(repo, one)
            problems += _alike(ko, en)
            used |= {item.path for one in (ko, en) for slide in one.slides for item in slide.items if item.kind == "figure"}
        elif ko or en:
            problems.append(f"{(ko or en).path}: the other language has no deck of chapter {chapter}")
    missing = [c for c in chapters if c not in here["ko"] and c not in here["en"]]
    if missing:
        notes.append("chapters without a deck: " + ", ".join(missing))
    for path in repo.files():
        if path.startswith(deck.FOLDER + "/") and path.endswith(".md") and path.split("/")[-1][:-3] not in chapters:
            problems.append(f"{path}: there is no such chapter")
        elif path.startswith(deck.FOLDER + "/figures/"):
            if path not in used:
                problems.append(f"{path}: no deck shows it")
            elif path.endswith(".mmd"):
                problems += [f"{path}: '{label}' has a Korean wording, but is not in the figure" for label in deck.untranslated(repo, path)]
    return problems, notes


def _alone(repo, one):
    problems, minutes = [], sum(s.minutes for s in one.slides)
    if len(one.slides) not in deck.SLIDES:
        problems.append(f"{one.path}: {len(one.slides)} slides; {deck.SLIDES[0]} to {deck.SLIDES[-1]} make a lecture")
    if minutes not in deck.MINUTES:
        problems.append(f"{one.path}: its notes are {minutes} minutes long; {deck.MINUTES[0]} to {deck.MINUTES[-1]} are a lecture")
    for slide in one.slides:
        if not slide.title:
            problems.append(f"{one.path}:{slide.line}: a slide without a title")
        if len(slide.notes) != 1:
            problems.append(f"{one.path}:{slide.line}: {len(slide.notes)} notes with minutes; a slide has one (<!-- 4 min: ... -->)")
        for line in slide.code_lines():
            if _columns(line) > deck.COLUMNS:
                problems.append(f"{one.path}:{slide.line}: {_columns(line)} columns, a slide holds {deck.COLUMNS}: {line.strip()}")
        for item in slide.items:
            problems += [f"{one.path}:{item.line}: {p}" for p in _item(repo, one, item)]
    return problems


def _columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _item(repo, one, item):
    if not (repo.root / item.path).is_file():
        return [f"{item.path} does not exist"]
    if item.kind == "tasks":
        return [] if item.name == one.chapter else [f"the tasks of {item.name} in the deck of {one.chapter}"]
    if item.kind == "figure":
        return []
    try:
        lines = len(deck.shown(repo, item))
    except KeyError:
        return [f"{item.path} has no region [{item.name}]"]
    return [] if lines <= deck.LINES else [f"{item.path} [{item.name}] shows {lines} lines; a slide holds {deck.LINES}"]


def _alike(ko, en):
    if len(ko.slides) != len(en.slides):
        return [f"{ko.path} has {len(ko.slides)} slides, {en.path} {len(en.slides)}"]
    problems = []
    for number, (a, b) in enumerate(zip(ko.slides, en.slides), 1):
        if [i.key for i in a.items] != [i.key for i in b.items]:
            problems.append(f"{ko.path}:{a.line}, {en.path}:{b.line}: slide {number} shows other code or figures in the two languages")
        if a.minutes != b.minutes:
            problems.append(f"{ko.path}:{a.line}, {en.path}:{b.line}: slide {number} takes {a.minutes} and {b.minutes} minutes")
    return problems
