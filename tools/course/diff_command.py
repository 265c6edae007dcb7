"""`./course diff A B`: the difference between two stages, read as a lesson."""

import difflib
import pathlib

from . import check_stages, console, diff_mine, diff_table, globs, language, lesson
from .diff_entries import DataFolder, Entry, View, entries, file_reason, unified
from .errors import UsageError
from .lesson_data import GROUPS

HELP = "show what a stage changes: its lesson step by step, with the reason for each file"
EXAMPLES = """examples:
  ./course diff 03 04                    a table, then what the lesson's steps read, in reading order
  ./course diff 04                       the same: stage 04 and the stage before it
  ./course diff 03 04 --step 2           one step; its number or its name
  ./course diff 06 07 --part 07b         one part of a long stage
  ./course diff 03 04 --tests            the steps, then the tests
  ./course diff 03 04 --group labs       only this group: programs, labs, support, library, tests
  ./course diff 03 04 --all              the steps first, then everything else
  ./course diff 03 04 --stat             only the table; with --all each file
  ./course diff 03 04 src/net/send_queue.h   only this file (or folder, or glob), all of it
  ./course diff --mine 04                what you have changed in work/04_... since its start
  ./course diff 03 04 --html d.html      side by side, for a browser; all but the steps is folded

A path that both stages have alike is said to be so; one that neither has is wrong use (exit code 2)."""


def add_arguments(parser):
    parser.add_argument("old", metavar="stage", nargs="?", help="a stage, e.g. 02; alone: it and the stage before it")
    parser.add_argument("new", metavar="later", nargs="?", help="a later stage, e.g. 03")
    parser.add_argument("paths", nargs="*", default=[], metavar="path", help="only these files, folders or globs of the stage")
    parser.add_argument("--mine", action="store_true", help="what you have changed in your work folder since its start")
    parser.add_argument("--all", action="store_true", help="after the steps everything else, group by group")
    parser.add_argument("--tests", action="store_true", help="after the steps the tests")
    parser.add_argument("--group", action="append", default=[], choices=GROUPS, help="only the files of this group")
    parser.add_argument("--step", metavar="N", help="only this step of the lesson, by number or name")
    parser.add_argument("--part", metavar="NNx", help="only this part of a long stage, e.g. 07b")
    parser.add_argument("--stat", action="store_true", help="only the table")
    parser.add_argument("--html", metavar="FILE", help="write a page with both sides instead")
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    if args.mine:
        if args.new or args.paths:
            raise UsageError("--mine takes one stage at most, e.g. ./course diff --mine 04")
        return diff_mine.show(repo, args.old)
    if not args.old:
        raise UsageError("which stages? e.g. ./course diff 03 04")
    old, new, paths = _stages(repo, args)
    _refuse_mixtures(args, paths)
    found = entries(repo, old, new, lang)
    if paths:
        return _files(repo, args, old, new, found, paths, lang)
    view = View(repo, old, new, found)
    shown = _Choice(view, args, new)
    if args.html:
        return _write_page(args, view, lang)
    size = sum(check_stages.lesson_size(repo, old, new).values())
    for line in diff_table.lines(view, shown, lang, size):
        console.say(line)
    if not args.stat:
        _print_lesson(view, shown, lang)
    return 0


def _refuse_mixtures(args, paths):
    given = [n for n, v in (("a path", paths), ("--step", args.step), ("--group", args.group)) if v]
    if len(given) > 1 or (paths and args.part):
        raise UsageError(f"{given[0]} and {given[1] if len(given) > 1 else '--part'} do not go together")
    if args.part and args.group:
        raise UsageError("--part and --group do not go together")


class _Choice:
    """What of the difference is wanted: which steps, which groups."""

    def __init__(self, view, args, new):
        self.each_file = args.all or bool(args.group) or not view.steps
        self.steps = [] if args.group else view.steps
        part = None
        if args.part:
            parts = [p for s in view.stages for p in lesson.of(s).parts if p.id]
            part = next((p for p in parts if p.id == args.part.lower()), None)
            if not part:
                names = ", ".join(p.id for p in parts)
                raise UsageError(f"stage {new.number} has no part '{args.part}'" + (f" (there are: {names})" if names else ""))
            self.steps = part.steps
        if args.step:
            wanted = [s for s in self.steps if args.step in (s.name, s.id, str(s.number))]
            if len(wanted) != 1:
                names = ", ".join(f"{s.name} {s.id}" for s in (wanted or self.steps))
                why = f"'{args.step}' is the name of several steps" if wanted else f"no step '{args.step}'"
                raise UsageError(f"{why} (there are: {names})")
            self.steps = wanted
        self.only_steps = bool(args.step or args.part)
        if args.group:
            self.groups = args.group
        elif self.only_steps:
            self.groups = ["tests"] if args.tests else []
        else:
            self.groups = list(diff_table.ORDER)
        self.text_of = self.groups if self.each_file else [g for g in self.groups if args.tests and g == "tests"]


def _print_lesson(view, shown, lang):
    for step in shown.steps:
        console.say()
        for line in diff_table.step_title(step, lang, console.columns(), named=len(view.stages) > 1):
            console.say(line)
        for reading in view.of_step(step):
            _print_reading(view, reading, lang)
    for group in shown.text_of:
        for entry, rows in view.rest.get(group, []):
            _print_entry(view.old, view.new, entry, rows)


def _print_reading(view, reading, lang):
    entry, excerpt = reading.entry, reading.excerpt
    kind = entry.kind if entry else ""
    title = f"{kind}: {excerpt.label}" if kind else excerpt.label
    if entry and entry.old_path != entry.path:
        title += f" (was {entry.old_path})"
    console.say()
    console.say(console.style(title, "bold") + f"   {excerpt.why[lang]}")
    if reading.gone:
        console.say(f"  (gone in {view.new.folder})")
    elif not reading.changed and reading.later:
        console.say(f"  (below: stage {reading.later.stage.number}, {reading.later.title[lang]})")
    elif not reading.changed:
        console.say(f"  (the same in {view.old.folder}; ./course read {reading.step.stage.number} shows it)")
    else:
        _print_rows(view.old, view.new, entry, reading.rows)


def _files(repo, args, old, new, found, paths, lang):
    chosen = _chosen(old, new, found, paths)
    if not chosen:
        console.say(f"{', '.join(paths)}: the same in {old.folder} and {new.folder}")
        return 0
    if args.html:
        from . import diff_page
        pathlib.Path(args.html).write_text(diff_page.files_page(old, new, chosen), encoding="utf-8")
        console.say(f"written: {args.html}")
        return 0
    size = sum(check_stages.lesson_size(repo, old, new).values())
    for line in diff_table.files(old, new, chosen, lang, size):
        console.say(line)
    if not args.stat:
        for entry in chosen:
            _print_entry(old, new, entry, entry.rows(), whole=True)
    return 0


def _write_page(args, view, lang):
    from . import diff_page
    pathlib.Path(args.html).write_text(diff_page.lesson_page(view, lang), encoding="utf-8")
    console.say(f"written: {args.html}")
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
                shown.append(Entry(kind, name, a, b, card or file_reason([new], kind, name)))
        chosen.update((e.path, e) for e in shown)
    return list(chosen.values())


def _print_entry(old, new, entry, rows, whole=False):
    """One file; of a removed one the lines only when it was asked for (`whole`)."""
    console.say()
    title = f"{entry.kind}: {entry.path}" + (f" (was {entry.old_path})" if entry.old_path != entry.path else "")
    console.say(console.style(title, "bold") + (f"   {entry.reason}" if entry.reason else ""))
    if entry.binary:
        console.say("  (not shown)" if isinstance(entry, DataFolder) else "  (not text)")
    elif entry.kind == "removed" and not whole:
        console.say(f"  ({len(entry.old)} lines)")
    else:
        _print_rows(old, new, entry, rows)


def _print_rows(old, new, entry, rows):
    console.say(console.style("--- " + ("/dev/null" if entry.kind == "new" else f"{old.folder}/{entry.old_path}"), "bold"))
    console.say(console.style("+++ " + ("/dev/null" if entry.kind == "removed" else f"{new.folder}/{entry.path}"), "bold"))
    colours = {"@": "cyan", "+": "green", "-": "red"}
    for line in unified(rows):
        console.say(console.style(line, colours[line[0]]) if line[0] in colours else line)
