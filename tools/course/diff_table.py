"""The table in front of a difference: the steps in reading order, then a line for each other group."""

from . import console
from .diff_entries import counts

# "steps": what the steps leave out of their own files. "none": course.toml gives the file no group.
ORDER = ("steps", "programs", "labs", "support", "library", "tests", "none")
TITLES = {
    "steps": {"en": "rest of the steps' files", "ko": "읽은 파일의 나머지"},
    "programs": {"en": "programs", "ko": "프로그램"},
    "labs": {"en": "labs", "ko": "실험"},
    "support": {"en": "support", "ko": "보조"},
    "library": {"en": "library", "ko": "라이브러리"},
    "tests": {"en": "tests", "ko": "테스트"},
    "none": {"en": "other files", "ko": "그 밖의 파일"},
}
ABOUT = {
    "steps": {"en": "what no step quotes", "ko": "어느 걸음에도 없는 줄"},
    "programs": {"en": "what is run", "ko": "실행하는 것"},
    "labs": {"en": "what measures and compares", "ko": "재고 비교하는 것"},
    "support": {"en": "what only helps: options, building, plain parts", "ko": "돕기만 하는 것: 옵션, 빌드, 단순한 부분"},
    "library": {"en": "the port and the layers of earlier stages: read last or never", "ko": "포트와 앞 단계의 계층: 나중에 읽거나 읽지 않아도 된다"},
    "tests": {"en": "what proves it", "ko": "증명하는 것"},
    "none": {"en": "", "ko": ""},
}
_MANY_STEPS = 8
_WORDS = {
    "en": {"step": "Step {n} of {all}: ", "more": "More: --all, --tests, --group labs, --step {step}, {part}--stat --all, or one file by name.",
           "files": "{n} files", "file": "1 file", "same": "the same",
           "size": "{size} changed lines in files that both stages have; {new} new files"},
    "ko": {"step": "{all}걸음 중 {n}번째: ", "more": "더 보려면: --all, --tests, --group labs, --step {step}, {part}--stat --all, 또는 파일 이름 하나.",
           "files": "파일 {n}개", "file": "파일 1개", "same": "같음",
           "size": "두 단계에 모두 있는 파일에서 바뀐 줄 {size}, 새 파일 {new}개"},
}


def lines(view, shown, lang, size):
    """The table of a lesson; where each file is wanted (`shown.each_file`), with each file of the groups."""
    yield from _head(view.old, view.new, lang)
    stage, part = None, None
    label = max((console.width(r.excerpt.label) for s in shown.steps for r in view.of_step(s)), default=0)
    short = len(shown.steps) > _MANY_STEPS and not shown.each_file  # a stage in parts: a line for each step
    for step in shown.steps:
        if len(view.stages) > 1 and step.stage is not stage:
            stage = step.stage
            yield console.style(f"  {stage.folder}", "bold")
        if step.part.id and step.part is not part:
            part = step.part
            yield console.style(f"  {part.id} {part.title[lang]}", "bold")
        yield from _short_step(view, step, lang) if short else _step(view, step, lang, label)
    if shown.steps and shown.groups:
        yield ""
    if shown.groups:
        yield from _groups(view, shown, lang)
    yield ""
    yield "  " + _WORDS[lang]["size"].format(size=size, new=new_files(view.entries))
    if not shown.each_file and not shown.only_steps:
        yield from ("  " + line for line in console.wrap(_more(shown.steps, lang), console.columns() - 2))


def _more(steps, lang):
    part = next((s.part.id for s in steps if s.part.id), "")
    return _WORDS[lang]["more"].format(step=steps[0].name, part=f"--part {part}, " if part else "")


def files(old, new, chosen, lang, size):
    """The table of single files."""
    yield from _head(old, new, lang)
    yield _file_table([(e, e.rows()) for e in chosen])
    yield ""
    yield "  " + _WORDS[lang]["size"].format(size=size, new=new_files(chosen))


def new_files(found):
    return sum(getattr(e, "files", 1) for e in found if e.kind == "new")


def _head(old, new, lang):
    title, concept = (new.title_ko, new.concept_ko) if lang == "ko" else (new.title, new.concept)
    yield console.style(f"{old.folder} -> {new.folder}: {title}", "bold")
    yield from ("  " + line for line in console.wrap(concept, console.columns() - 2))
    yield ""


def _short_step(view, step, lang):
    added, removed = map(sum, zip(*(counts(r.rows) for r in view.of_step(step))))
    number = len({r.excerpt.file for r in view.of_step(step)})
    words = _WORDS[lang]["file" if number == 1 else "files"].format(n=number)
    yield f"  {step.name}  {console.pad(step.title[lang], 40)}  {console.pad(words, 9)}  +{added} -{removed}"


def _step(view, step, lang, label):
    yield f"  {step.name}  {console.style(step.title[lang], 'bold')}"
    wide = console.columns()
    for reading in view.of_step(step):
        added, removed = counts(reading.rows)
        change = f"+{added} -{removed}" if reading.changed else _WORDS[lang]["same"]
        left = f"     {console.pad(reading.excerpt.label, label)}  {console.pad(change, 9)}  "
        if wide - console.width(left) >= 40:
            first, *more = console.wrap(reading.excerpt.why[lang], wide - console.width(left))
            yield left + first
            yield from (" " * console.width(left) + line for line in more)
        else:
            yield left.rstrip()
            yield from (" " * 9 + line for line in console.wrap(reading.excerpt.why[lang], wide - 9))


def _groups(view, shown, lang):
    rows = []
    for group in shown.groups:
        entries = view.rest.get(group, [])
        if not entries:
            continue
        sums = [counts(rows) for _, rows in entries]
        number = sum(getattr(e, "files", 1) for e, _ in entries)
        words = _WORDS[lang]["file" if number == 1 else "files"].format(n=number)
        rows.append([TITLES[group][lang], words, f"+{sum(a for a, _ in sums)}", f"-{sum(r for _, r in sums)}", ABOUT[group][lang]])
        if shown.each_file:
            yield console.table(rows)
            yield _file_table(entries, indent="    ")
            rows = []
    if rows:
        table = console.table(rows)
        room = console.columns() - max(console.width(line) for line in table.split("\n"))
        yield table if room >= 0 else console.table([row[:-1] for row in rows])


def _file_table(entries, indent="  "):
    rows = []
    for entry, lines_of in entries:
        added, removed = counts(lines_of)
        rows.append((entry.kind, entry.path, f"+{added}", f"-{removed}", entry.reason or "(not declared)"))
    return console.table(rows, header=("", "file", "+", "-", "why"), indent=indent)


def step_title(step, lang, wide, named=False):
    """The heading of a step's text: its number, its title, its sentence; `named`: of which stage."""
    number = _WORDS[lang]["step"].format(n=step.number, all=len(step.part.steps))
    stage = f"{step.part.id} " if step.part.id else f"{step.stage.number} " if named else ""
    yield console.style(f"{stage}{number}{step.title[lang]}", "bold", "cyan")
    yield from ("  " + line for line in console.wrap(step.text[lang], wide - 2))
