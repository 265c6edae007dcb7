"""`./course diff A B`: the difference between two stages, read as a lesson."""

import difflib
import html
import pathlib

from . import check_stages, console, globs
from .carry_plan import is_binary
from .errors import UsageError

HELP = "show what a stage changes, with the reason for each file"
EXAMPLES = """examples:
  ./course diff 02 03                    table of files with reasons, then the unified difference
  ./course diff 03                       the same: stage 03 and the stage before it
  ./course diff 02 03 net/session.h      only this file (or folder, or glob)
  ./course diff 02 03 --stat             only the table
  ./course diff 03 net/                  only this folder, stage 03 and the stage before it
  ./course diff 02 03 --html d.html      side by side, for a browser

A path that both stages have alike is said to be so; one that neither has is wrong use (exit code 2)."""


def add_arguments(parser):
    parser.add_argument("old", metavar="stage", help="a stage, e.g. 02; alone: it and the stage before it")
    parser.add_argument("new", metavar="later", nargs="?", help="a later stage, e.g. 03")
    parser.add_argument("paths", nargs="*", default=[], metavar="path", help="only these files, folders or globs of the stage")
    parser.add_argument("--stat", action="store_true", help="only the table of files")
    parser.add_argument("--html", metavar="FILE", help="write a page with both sides instead")


class Entry:
    """One file of the difference."""

    def __init__(self, kind, path, old, new, reason, old_path=""):
        self.kind, self.path, self.reason = kind, path, reason
        self.old_path = old_path or path
        self.binary = is_binary(old or b"") or is_binary(new or b"")
        self.old = (old or b"").decode("utf-8", "replace").splitlines()
        self.new = (new or b"").decode("utf-8", "replace").splitlines()

    def counts(self):
        added = removed = 0
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, self.old, self.new, autojunk=False).get_opcodes():
            if tag != "equal":
                removed += i2 - i1
                added += j2 - j1
        return added, removed


class DataFolder(Entry):
    """New files of a folder that `data` of course.toml names: counted, not shown."""

    def __init__(self, folder, files, reason):
        super().__init__("new", folder, None, None, f"{files} files: {reason}" if reason else f"{files} files")
        self.files, self.binary = files, True


def _reason(stages, kind, path):
    """The reason of the stage that declares the file; over several stages the last one that says something."""
    for stage in reversed(stages):
        for table in (getattr(stage, kind), stage.changed, stage.new):
            pattern = globs.first_match(table, path)
            if pattern:
                return f"{table[pattern]}" + (f" ({stage.number})" if len(stages) > 1 else "")
    return ""


def entries(repo, old, new):
    real = check_stages.Comparison(repo, old, new)
    numbers = sorted(repo.stages)
    between = [repo.stages[n] for n in numbers if old.number < n <= new.number]
    found, data = [], {}
    for path in real.new:
        folder = globs.first_match(repo.data_folders, path)
        if folder:
            data.setdefault(folder, []).append(path)
            continue
        found.append(Entry("new", path, None, (new.path / path).read_bytes(), _reason(between, "new", path)))
    for folder, paths in data.items():
        found.append(DataFolder(folder, len(paths), _reason(between, "new", paths[0])))
    for path, source in sorted(real.renamed.items()):
        found.append(Entry("renamed", path, (old.path / source).read_bytes(), (new.path / path).read_bytes(),
                           new.renamed[path].get("why", ""), source))
    for path in real.changed:
        reason = _reason(between, "changed", path)
        if not reason and path in repo.numbered_files:
            reason = "holds the stage's number"
        found.append(Entry("changed", path, (old.path / path).read_bytes(), (new.path / path).read_bytes(), reason))
    for path in real.removed:
        found.append(Entry("removed", path, (old.path / path).read_bytes(), None, _reason(between, "removed", path)))
    return found


def run(repo, args):
    old, new, paths = _stages(repo, args)
    found = entries(repo, old, new)
    if paths:
        found = _chosen(old, new, found, paths)
        if not found:
            console.say(f"{', '.join(paths)}: the same in {old.folder} and {new.folder}")
            return 0
    if args.html:
        pathlib.Path(args.html).write_text(page(old, new, found), encoding="utf-8")
        console.say(f"written: {args.html}")
        return 0
    _print_table(repo, old, new, found)
    if not args.stat:
        for entry in found:
            _print_entry(old, new, entry, whole=bool(paths))
    return 0


def _stages(repo, args):
    """(older stage, newer stage, paths). One stage alone is compared with the one before it."""
    first, paths = repo.find(args.old), list(args.paths)
    if args.new and not _is_path(first, args.new):
        new = repo.find(args.new)
        if first.number == new.number:
            raise UsageError(f"twice the same stage; it and the one before it: ./course diff {new.number}")
        if first.number > new.number:
            raise UsageError(f"the first stage must come before the second: ./course diff {new.number} {first.number}")
        return first, new, paths
    before = [s for s in repo.present() if s.number < first.number]
    if not before:
        hint = "".join(f"; two stages: ./course diff {first.number} {s.number}" for s in repo.after(first)[:1])
        raise UsageError(f"stage {first.number} is the first, there is none before it{hint}")
    console.say(f"stage {before[-1].number} and stage {first.number}, as with: ./course diff {before[-1].number} {first.number}")
    return before[-1], first, ([args.new] if args.new else []) + paths


def _is_path(stage, word):
    """Does the word that follows the first stage name files, and not another stage?"""
    word = word.rstrip("/")
    return any(c in word for c in "/.*?") or any(f == word or f.startswith(word + "/") for f in stage.files())


def _chosen(old, new, found, paths):
    """The entries of these paths; also of files that a stage's lesson does not count (its card, data)."""
    def inside(stage, wanted):
        return {p for p in stage.files() if globs.matches(wanted, p) or globs.matches(wanted.rstrip("/") + "/", p)}

    chosen = {}
    for path in paths:
        wanted = path.split("/", 1)[1] if path.startswith((old.folder + "/", new.folder + "/")) else path
        before, now = inside(old, wanted), inside(new, wanted)
        if not before and not now:
            near = difflib.get_close_matches(wanted, {*old.files(), *new.files()}, n=1, cutoff=0.7)
            raise UsageError(f"neither {old.folder} nor {new.folder} has '{path}'"
                             + (f"; did you mean {near[0]}?" if near else ""))
        shown = [e for e in found if e.path in now or e.old_path in before]
        told = {p for e in shown for p in (e.path, e.old_path)}
        for name in sorted((before | now) - told):
            a, b = ((stage.path / name).read_bytes() if name in there else None for stage, there in ((old, before), (new, now)))
            if a != b:
                kind = "new" if a is None else "removed" if b is None else "changed"
                card = "each stage's own page" if globs.first_match(old.repo.own_files, name) else ""
                shown.append(Entry(kind, name, a, b, card or _reason([new], kind, name)))
        chosen.update((e.path, e) for e in shown)
    return list(chosen.values())


def _print_table(repo, old, new, found):
    console.say(console.style(f"{old.folder} -> {new.folder}: {new.title}", "bold"))
    console.say(f"  {new.concept}")
    console.say()
    rows = []
    for entry in found:
        added, removed = entry.counts()
        rows.append((entry.kind, entry.path, f"+{added}", f"-{removed}", entry.reason or "(not declared)"))
    console.say(console.table(rows, header=("", "file", "+", "-", "why")))
    size = sum(check_stages.lesson_size(repo, old, new).values())
    console.say()
    console.say(f"  {size} changed lines in files that both stages have; {sum(getattr(e, 'files', 1) for e in found if e.kind == 'new')} new files")


def _print_entry(old, new, entry, whole=False):
    """One file; of a removed one the lines only when it was asked for (`whole`)."""
    console.say()
    title = f"{entry.kind}: {entry.path}" + (f" (was {entry.old_path})" if entry.old_path != entry.path else "")
    console.say(console.style(title, "bold") + (f"   {entry.reason}" if entry.reason else ""))
    if entry.binary:
        console.say("  (not shown)" if isinstance(entry, DataFolder) else "  (not text)")
        return
    if entry.kind == "removed" and not whole:
        console.say(f"  ({len(entry.old)} lines)")
        return
    old_name = "/dev/null" if entry.kind == "new" else f"{old.folder}/{entry.old_path}"
    new_name = "/dev/null" if entry.kind == "removed" else f"{new.folder}/{entry.path}"
    for line in difflib.unified_diff(entry.old, entry.new, old_name, new_name, lineterm=""):
        if line.startswith(("---", "+++")):
            console.say(console.style(line, "bold"))
        elif line.startswith("@@"):
            console.say(console.style(line, "cyan"))
        elif line.startswith("+"):
            console.say(console.style(line, "green"))
        elif line.startswith("-"):
            console.say(console.style(line, "red"))
        else:
            console.say(line)


_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1500px; padding: 1rem; color: #1c2128; background: #fff }
table { border-collapse: collapse; width: 100% }
.files td, .files th { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #e3e6ea; vertical-align: top }
.sides { table-layout: fixed; font: 12.5px/1.4 ui-monospace, monospace }
.sides td { white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 .4rem; vertical-align: top }
.sides .n { width: 3.2rem; color: #868e99; text-align: right; user-select: none }
.add { background: #dff5e1 } .del { background: #fde3e1 } .skip td { background: #eef2f7; color: #586373; padding: .2rem .4rem }
h2 { font-size: 1.05rem; margin: 2rem 0 .3rem } .why { color: #586373; margin: 0 0 .5rem }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #d7dce2 } .add { background: #17361f }
  .del { background: #43201f } .skip td { background: #20262d } .files td, .files th { border-color: #30363d } }
"""


def page(old, new, found):
    """One page without any outside resource: table of files, then each file side by side."""
    def esc(text):
        return html.escape(text, quote=True)
    out = ["<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">",
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
           f"<title>{esc(old.folder)} - {esc(new.folder)}</title><style>{_STYLE}</style>",
           f"<h1>{esc(old.folder)} &rarr; {esc(new.folder)}</h1><p>{esc(new.title)}: {esc(new.concept)}</p>",
           "<table class=\"files\"><tr><th><th>file<th>lines<th>why"]
    for number, entry in enumerate(found):
        added, removed = entry.counts()
        out.append(f"<tr><td>{entry.kind}<td><a href=\"#f{number}\">{esc(entry.path)}</a><td>+{added} -{removed}"
                   f"<td>{esc(entry.reason)}")
    out.append("</table>")
    for number, entry in enumerate(found):
        out.append(f"<h2 id=\"f{number}\">{esc(entry.path)}</h2><p class=\"why\">{entry.kind}"
                   + (f", was {esc(entry.old_path)}" if entry.old_path != entry.path else "")
                   + (f": {esc(entry.reason)}" if entry.reason else "") + "</p>")
        if entry.binary:
            out.append("<p>(not text)</p>")
            continue
        out.append("<table class=\"sides\">" + "".join(_rows(entry, esc)) + "</table>")
    return "\n".join(out) + "\n</html>\n"


def _rows(entry, esc, context=3):
    def row(i, left, j, right, changed):
        sides = (("del" if changed and left is not None else ""), ("add" if changed and right is not None else ""))
        return (f"<tr><td class=\"n\">{i or ''}<td class=\"{sides[0]}\">{esc(left or '')}"
                f"<td class=\"n\">{j or ''}<td class=\"{sides[1]}\">{esc(right or '')}")

    codes = difflib.SequenceMatcher(None, entry.old, entry.new, autojunk=False).get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            head = context if index > 0 else 0
            tail = context if index + 1 < len(codes) else 0
            lines = list(range(i2 - i1))
            if len(lines) > head + tail + 1:
                for k in lines[:head]:
                    yield row(i1 + k + 1, entry.old[i1 + k], j1 + k + 1, entry.new[j1 + k], False)
                yield f"<tr class=\"skip\"><td colspan=\"4\">{len(lines) - head - tail} unchanged lines"
                lines = lines[len(lines) - tail:] if tail else []
            for k in lines:
                yield row(i1 + k + 1, entry.old[i1 + k], j1 + k + 1, entry.new[j1 + k], False)
            continue
        for k in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + k, j1 + k
            yield row(i + 1 if i < i2 else None, entry.old[i] if i < i2 else None,
                      j + 1 if j < j2 else None, entry.new[j] if j < j2 else None, True)
