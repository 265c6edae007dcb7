"""`./course read NN`: walks a reader through a stage, step by step."""

import re

from . import console, keys, language, lesson, mine, regions
from .errors import UsageError

HELP = "read a stage step by step: the sentence, the lines with their numbers, what to try"
EXAMPLES = """examples:
  ./course read 04                 step by step in the terminal; space goes on, b back, q ends
  ./course read 04 --step 2        begins with step 2 (its number or its name)
  ./course read 07 --part 07b      one part of a long stage
  ./course read 04 --lang en       in English (else: COURSE_LANG, else the locale)
  ./course read 04 | less          in a pipe all of it; --step there: only this one
  ./course read 04 --list          only the titles, with the lines of each step
  ./course read --mine 04          your copy, work/04_... (inside of it: ../../course read)"""

WORDS = {
    "en": {"step": "step {n} of {all}", "tasks": "Tasks", "tests": "Proved by", "note": "Note", "try": "Try this: ", "lines": "{n} lines",
           "keys": "space next  b back  n next step  p step before  q end", "end": "(end of the stage) q ends", "all": "together"},
    "ko": {"step": "{all}걸음 중 {n}번째", "tasks": "과제", "tests": "확인하는 테스트", "note": "노트", "try": "해 보기: ", "lines": "{n}줄",
           "keys": "space 다음  b 뒤로  n 다음 걸음  p 앞 걸음  q 끝", "end": "(이 단계의 끝) q 끝", "all": "모두"},
}


def add_arguments(parser):
    parser.add_argument("stage", metavar="stage", nargs="?", help="a stage, e.g. 04; or a part of it, e.g. 07b")
    parser.add_argument("--step", metavar="N", help="begin with this step, by number or name (in a pipe: only it)")
    parser.add_argument("--part", metavar="NNx", help="only this part of a long stage, e.g. 07b")
    parser.add_argument("--list", action="store_true", help="only the titles, and how many lines there are")
    mine.add_argument(parser)
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    stage, steps, first = _choose(repo, args)
    if args.list:
        for line in contents(stage, steps, lang):
            console.say(line)
    elif keys.available():
        _walk(steps, first, lang)
    else:
        for number, step in enumerate([steps[first]] if args.step else steps):
            for line in (["", ""] if number else []) + page(step, lang, console.columns()):
                console.say(line)
    return 0


def _choose(repo, args):
    """(stage, its steps that are wanted, which of them comes first)"""
    name, wanted = args.stage, args.part
    part_of = re.fullmatch(r"0?(\d)([a-zA-Z])", name or "")  # 07b
    if part_of:
        name, wanted = f"0{part_of.group(1)}", wanted or f"0{part_of.group(1)}{part_of.group(2).lower()}"
    chosen = mine.choose(repo, args, [name] if name else [])
    if not chosen:
        raise UsageError("which stage? e.g. ./course read 04")
    stage = repo.find(chosen[0])
    told = lesson.of(stage).require()
    if not told.steps:
        raise UsageError(f"stage {stage.number} has no steps yet: course.toml [[stage.{stage.number}.step]]")
    part = None
    if wanted:
        part = told.find_part(wanted)
        if not part:
            names = ", ".join(p.id for p in told.parts if p.id) or "none"
            raise UsageError(f"stage {stage.number} has no part '{wanted}' (there are: {names})")
    steps = part.steps if part else told.steps
    if not args.step:
        return stage, steps, 0
    step = told.find_step(args.step, part)
    if not step:
        names = ", ".join(f"{s.name} {s.id}" for s in steps)
        raise UsageError(f"no step '{args.step}' (there are: {names})")
    return stage, steps, steps.index(step)


def contents(stage, steps, lang):
    title, words = stage.title_ko if lang == "ko" else stage.title, WORDS[lang]
    told, part, total = lesson.of(stage), None, 0
    yield f"{stage.folder}: {title}"
    for step in steps:
        if step.part.id and step.part is not part:
            part = step.part
            yield f"{part.id} {part.title[lang]}"
        lines = told.step_lines(step)
        total += lines
        yield f"  {console.pad(step.name, 6)}  {console.pad(words['lines'].format(n=lines), 10)}  {step.title[lang]}"
    yield f"  {words['all']}  {words['lines'].format(n=total)}"


# -- what a step looks like ------------------------------------------------------------------------


def page(step, lang, wide):
    """All lines of a step, none wider than `wide` columns."""
    words = WORDS[lang]
    where = f"{step.stage.folder}  {step.part.id + ' ' if step.part.id else ''}{words['step'].format(n=step.number, all=len(step.part.steps))}"
    lines = [console.style(line, "dim") for line in console.wrap(where, wide)]
    lines += [console.style(line, "bold") for line in console.wrap(step.title[lang], wide)]
    lines += _hanging("", step.text[lang], wide) + [""]
    if step.tasks:
        lines += _hanging(f"{words['tasks']}: ", ", ".join(step.tasks), wide)
    lines += _hanging(f"{words['tests']}: ", ", ".join(_short(step.tests)), wide)
    lines += _hanging(f"{words['note']}: ", f"{step.note_page(lang)}, {step.section[lang]}", wide)
    for excerpt in step.excerpts:
        lines += ["", *(console.style(line, "bold") for line in _hanging("", excerpt.label, wide)),
                  *_hanging("  ", excerpt.why[lang], wide), *_code(step, excerpt, wide)]
    return lines + ["", *_hanging(words["try"], step.attempt[lang], wide)]



def _hanging(head, text, wide):
    """The text behind its head, wrapped below itself."""
    room = max(wide - console.width(head), 10)
    first, *more = console.wrap(text, room)
    return [head + first] + [" " * console.width(head) + line for line in more]


def _short(tests):
    """Without the cases: unit.send_queue:Suite.Case -> unit.send_queue, each once."""
    return list(dict.fromkeys(t.split(":")[0] for t in tests))


def _code(step, excerpt, wide):
    """The lines with their numbers; what is too long goes on below itself; a gap between regions shows as dots."""
    text = lesson.of(step.stage).text(excerpt.file)
    source, out, before = text.splitlines(), [], None
    gutter = len(str(len(source))) + 2
    for first, last in excerpt.ranges(text):
        if before is not None and first > before + 2:
            out.append(console.style(" " * (gutter - 2) + "...", "dim"))
        before = last
        for number in range(first, last + 1):
            if regions.is_mark(source[number - 1]):
                continue
            head, *more = _folded(source[number - 1].expandtabs(), wide - gutter)
            out.append(console.style(f"{number:>{gutter - 2}}" + ("  " if head else ""), "dim") + head)
            out += [" " * gutter + line for line in more]
    return out


def _folded(line, most):
    """A line of code in pieces of at most `most` columns, broken at blanks, indented like itself."""
    if console.width(line) <= most:
        return [line.rstrip()]
    indent = min(len(line) - len(line.lstrip()) + 4, most // 2)
    pieces, rest, lead = [], line.rstrip(), ""
    while console.width(lead + rest) > most:
        head = console.cut(lead + rest, most)
        at = head.rfind(" ", len(lead) + (indent if not pieces else 1))
        at = at if at > most // 3 else len(head)
        pieces.append(head[:at].rstrip())
        rest, lead = (lead + rest)[at:].lstrip(), " " * indent
    return pieces + [lead + rest]


# -- the terminal ----------------------------------------------------------------------------------


def _walk(steps, first, lang):
    """Screen by screen. Where one is, is a step and a line of it: it stays when the terminal gets another size."""
    at, top = first, 0
    with keys.Screen() as screen:
        while True:
            size = keys.terminal_size()
            wide, rows = max(size.columns, 20), max(size.lines, 4)
            lines, room = page(steps[at], lang, wide - 1), rows - 1
            top = min(top, max(0, len(lines) - 1))
            screen.draw(lines[top:top + room], _status(steps, at, top, room, lines, lang, wide), rows)
            key = screen.key(size)
            last = top + room >= len(lines)
            if key == "quit":
                return
            if key == "next" and not last:
                top += room - 1  # one line of the screen before stays for the eye
            elif key in ("next", "next step") and at + 1 < len(steps):
                at, top = at + 1, 0
            elif key == "back" and top > 0:
                top = max(0, top - (room - 1))
            elif key in ("back", "step before") and at > 0 and (key == "back" or top == 0):
                at -= 1
                before = page(steps[at], lang, wide - 1)
                top = 0 if key == "step before" else max(0, (len(before) - 2) // (room - 1) * (room - 1))
            elif key == "step before":
                top = 0


def _status(steps, at, top, room, lines, lang, wide):
    words = WORDS[lang]
    last = at + 1 == len(steps) and top + room >= len(lines)
    where = f" {steps[at].name}/{len(steps[at].part.steps)}"
    text = f"{where}  {min(top + room, len(lines))}/{len(lines)}  {words['end'] if last else words['keys']}"
    if console.width(text) > wide - 1:  # the keys matter more than the place
        text = f"{where}  {words['end'] if last else words['keys']}"
    return console.pad(console.cut(text, wide - 1), wide - 1)
