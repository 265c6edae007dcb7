"""The mutants of a stage: one small change each, in what its steps read; and those that are known to change nothing."""

import collections
import difflib
import fnmatch
import functools
import hashlib
import random
import re

from . import lesson, mutate_points, mutate_schema
from .errors import CourseError, UsageError

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

_CODE = (".cc", ".h")
_PER_FILE = 4000  # a file's numbers do not move when another file changes
_KEYS = {"file": True, "from": True, "to": False, "operator": False, "why": True}  # of an entry: must it be there?


class Mutant:
    """`old`, `new`: the lines that it changes, as one line without indentation. `number`: in the switched text."""

    def __init__(self, file, text, point, number, n):
        self.file, self.text, self.point, self.number = file, text, point, number
        self.operator, self.line = point.operator, mutate_schema.line_of(text, point.first)
        first, end = mutate_schema.lines_around(text, point)
        self.old = _one_line(text[first:end])
        self.new = _one_line(text[first:point.first] + point.plain + text[point.last:end])
        self.id = f"{file}:{self.line}:{self.operator}:{n}"
        self.why = ""  # it changes nothing: why

    @functools.cached_property
    def key(self):
        """By this a result is known again: the change, and the file it was seen in."""
        return hashlib.sha256(repr((self.id, self.old, self.new, self.text)).encode("utf-8", "surrogateescape")).hexdigest()[:20]

    def diff(self):
        changed = mutate_schema.plainly(self.text, self.point)
        lines = difflib.unified_diff(self.text.splitlines(), changed.splitlines(), f"a/{self.file}", f"b/{self.file}", n=2, lineterm="")
        return "\n".join(lines)


def _one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def of_stage(stage, part=""):
    """[Mutant] of what the steps of the stage (or of one of its parts) read."""
    found = []
    book = lesson.of(stage).require()
    files = [f for f in book.files() if f.endswith(_CODE)]
    for index, file in enumerate(files):
        readings = [(step, excerpt) for step, excerpt in book.readings(file) if not part or step.part.id == part]
        text = book.text(file)
        lines = [r for _, excerpt in readings for r in excerpt.ranges(text)]
        found += of_text(file, text, lines, index * _PER_FILE + 1)
    if not found:
        raise CourseError(f"stage {part or stage.number}: its steps read no C++ code in which something could be changed")
    return found


def of_text(file, text, lines, start=1):
    """[Mutant] of the lines [(first, last)] of one file."""
    found, counts = [], collections.Counter()
    for offset, point in enumerate(mutate_points.find(text)):
        line = mutate_schema.line_of(text, point.first)
        if any(first <= line <= last for first, last in lines):
            counts[line, point.operator] += 1
            found.append(Mutant(file, text, point, start + offset, counts[line, point.operator]))
    return found


# -- which of them -----------------------------------------------------------------------------------


def choose(mutants, args):
    """Those that the command line asks for."""
    if args.id:
        chosen = [m for m in mutants if m.id == args.id]
        if not chosen:
            near = difflib.get_close_matches(args.id, [m.id for m in mutants], n=1, cutoff=0.5)
            raise UsageError(f"no mutant '{args.id}'" + (f"; did you mean {near[0]}?" if near else "") + " (--list shows all)")
        return chosen
    for file in args.file:
        if not any(_is_file(m.file, file) for m in mutants):
            raise UsageError(f"no mutant in a file '{file}' (there are: {', '.join(dict.fromkeys(m.file for m in mutants))})")
    for operator in args.operator:
        if operator not in mutate_points.OPERATORS:
            raise UsageError(f"no operator '{operator}' (there are: {', '.join(mutate_points.OPERATORS)})")
    mutants = [m for m in mutants if (not args.file or any(_is_file(m.file, f) for f in args.file))
               and (not args.operator or m.operator in args.operator)]
    if args.sample is not None and args.sample < len(mutants):
        mutants = sorted(random.Random(args.seed).sample(mutants, args.sample), key=lambda m: m.number)
    return mutants


def _is_file(file, wanted):
    return file == wanted or file.endswith("/" + wanted) or fnmatch.fnmatchcase(file, wanted)


# -- those that change nothing -----------------------------------------------------------------------


def reasons_file(repo, stage):
    return repo.root / "tools" / "mutants" / f"{stage.number}.toml"


def mark_equivalent(repo, stage, mutants):
    """Sets `why` of the mutants that are known to change nothing; returns what is wrong with the list of them."""
    file = reasons_file(repo, stage)
    if not file.is_file():
        return []
    shown, problems = file.relative_to(repo.root).as_posix(), []
    for entry in _entries(file, shown):
        fitting = [m for m in mutants if m.file == entry["file"] and m.old == _one_line(entry["from"])
                   and ("to" not in entry or m.new == _one_line(entry["to"])) and entry.get("operator", m.operator) == m.operator]
        for mutant in fitting:
            mutant.why = entry["why"]
        if not fitting:
            problems.append(f"{shown}: nothing fits: {entry['file']}: {entry['from']}" + (f" -> {entry['to']}" if "to" in entry else ""))
    return problems


def _entries(file, shown):
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CourseError(f"{shown}: {e}") from None
    entries = data.get("equivalent", [])
    for name in data:
        if name != "equivalent":
            raise CourseError(f"{shown}: unknown table '{name}': entries are [[equivalent]]")
    for number, entry in enumerate(entries, 1):
        where = f"{shown}: entry {number}"
        for key, value in entry.items():
            if key not in _KEYS:
                raise CourseError(f"{where}: unknown key '{key}' (allowed: {', '.join(_KEYS)})")
            if not isinstance(value, str) or not value.strip():
                raise CourseError(f"{where}: '{key}' must be a text that is not empty")
        missing = [k for k, needed in _KEYS.items() if needed and k not in entry]
        if missing or not {"to", "operator"} & set(entry):
            raise CourseError(f"{where}: '{missing[0] if missing else 'to'}' is missing (needed: file, from, why, and to or operator)")
    return entries


def check(repo):
    """([problem], [note]) for `./course check mutants`: every reason still has its code."""
    problems, count = [], 0
    for stage in repo.present():
        if reasons_file(repo, stage).is_file():
            mutants = of_stage(stage)
            problems += mark_equivalent(repo, stage, mutants)
            count += sum(bool(m.why) for m in mutants)
    return problems, [f"{count} mutants that change nothing, each with its reason"] if count else []
