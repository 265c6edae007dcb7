"""What a hand-out's pages say of its own files, written as `./course check ... --fix` does."""

from . import card, check_museum, check_quotes, check_text, deck


def write(repo):
    """`repo`: the hand-out's folder."""
    check_museum.write_index(repo)
    check_quotes.write(repo)
    card.write_cards(repo)
    check_text.write_stage_table(repo)
    for lang in deck.LANGUAGES:
        for one in deck.decks(repo, lang):
            _fit(repo, one)


def _fit(repo, one):
    """A slide shows a task's place as it is at the start. A task that is handed out complete (of another part) may be too long for
    one: there the slide leads to the file."""
    file = repo.root / one.path
    lines = file.read_text(encoding="utf-8").splitlines()
    for item in (i for slide in one.slides for i in slide.items):
        if item.kind == "region" and len(deck.shown(repo, item)) > deck.LINES:
            lines[item.line - 1] = lines[item.line - 1].replace(f"#region={item.name}", "")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
