"""Checks on the lessons: what the steps name exists, each file has one group, budgets and the order of parts hold."""

import fnmatch
import re

from . import check_stages, globs, lesson, lesson_cmake, regions
from .lesson_data import GROUPS

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
_IMPORT = re.compile(r'^\s*import\s+"([^"]+)"\s*;', re.M)  # of a .proto


def steps(repo):
    """The steps of each stage cover what they name, and stay within the budget."""
    problems, notes = [], []
    for stage in repo.present():
        told = lesson.of(stage)
        problems += told.problems
        if not told.steps:
            problems += [] if told.problems else [f"course.toml: stage {stage.number} has no steps ([[stage.{stage.number}.step]])"]
            continue
        for step in told.steps:
            problems += _names(stage, told, step)
        problems += _tasks(stage, told)
        problems += lesson_cmake.problems(stage)
        problems += _overlaps(told)
        problems += _folder_reasons(stage, told)
        found, sizes = _budget(repo, stage, told)
        problems += found
        notes += sizes
    return problems, notes


def _where(step):
    part = f"{step.part.id} " if step.part.id else ""
    return f"course.toml [[stage.{step.stage.number}.step]] {part}{step.id}"


def _names(stage, told, step):
    where, problems = _where(step), []
    for excerpt in step.excerpts:
        if excerpt.file not in stage.files():
            problems.append(f"{where}: {stage.folder}/{excerpt.file} does not exist")
            continue
        text = told.text(excerpt.file)
        problems += [f"{where}: {stage.folder}/{excerpt.file} has no region [{name}] (there are: "
                     f"{', '.join(regions.quoted(text)[0]) or 'none'})" for name in excerpt.missing(text)]
    tests = check_stages.registered_tests(stage)
    problems += [f"{where}: no test {t.split(':')[0]} in {stage.folder}" for t in step.tests if t.split(":")[0] not in tests]
    problems += [f"{where}: no case of {stage.folder} is called {c} ({t})" for t in step.tests for c in _unknown_cases(stage, t)]
    if not step.tests:
        problems.append(f"{where}: 'tests' is empty: name what proves the step")
    known = {t.id for t in stage.tasks}
    problems += [f"{where}: no task {t} in stage {stage.number} (there are: {', '.join(sorted(known)) or 'none'})"
                 for t in step.tasks if t not in known]
    for language in ("en", "ko"):
        page = stage.repo.root / step.note_page(language)
        if not page.is_file():
            problems.append(f"{where}: {step.note_page(language)} does not exist")
        elif step.section[language] not in (found := headings(page.read_text(encoding="utf-8"))):
            key = "section" if language == "en" else "section_ko"
            problems.append(f"{where}: '{key}' is no heading of {step.note_page(language)}: {step.section[language]} "
                            f"(there are: {', '.join(found)})")
    return problems


def _unknown_cases(stage, test):
    """The patterns of "unit.name:Suite.Case" that no case in the sources has. One with / is of a parameter: built only later."""
    kind, _, cases = test.partition(":")
    wanted = [c for c in cases.split(":") if c and "/" not in c] if kind.startswith("unit.") else []
    known = {c for f in stage.files() if f.startswith("tests/") and f.endswith(".cc") for c in check_stages.cases(stage, f)} if wanted else ()
    return [c for c in wanted if not any(fnmatch.fnmatchcase(k, c) for k in known)]


def headings(text):
    """The headings of a page, without those in its code."""
    plain = re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.M | re.S)
    return [h.strip() for h in re.findall(r"^#{1,6}\s+(.+?)\s*#*\s*$", plain, re.M)]


def anchor(heading):
    """The address of a heading in a page, as GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def anchors(text):
    """The addresses of a page's headings; the second of a name is NAME-1. Ids that the page sets itself are among them."""
    found = set(re.findall(r'<\w+[^>]* id="([^"]+)"', text))
    for name in map(anchor, headings(text)):
        again = 0
        while (f"{name}-{again}" if again else name) in found:
            again += 1
        found.add(f"{name}-{again}" if again else name)
    return found


def _tasks(stage, told):
    problems = []
    for task in stage.tasks:
        steps_of = [s for s in told.steps if task.id in s.tasks]
        if len(steps_of) != 1:
            said = "no step" if not steps_of else " and ".join(s.id for s in steps_of)
            problems.append(f"course.toml: task {task.id} belongs to exactly one step of stage {stage.number}, here: {said}")
        elif task.file not in [e.file for e in steps_of[0].excerpts]:
            problems.append(f"{_where(steps_of[0])}: task {task.id} is in {task.file}, which the step does not read")
        elif not _region_read(told, steps_of[0], task):
            problems.append(f"{_where(steps_of[0])}: task {task.id}: its region in {task.file} is not in what the step reads")
    return problems


def _region_read(told, step, task):
    text = told.text(task.file)
    ranges = [r for e in step.excerpts if e.file == task.file for r in e.ranges(text)]
    return all(any(a <= first and last <= b for a, b in ranges) for i, first, last in regions.student(text)[0] if i == task.id)


def _overlaps(told):
    """No line is read twice."""
    problems = []
    for file in told.files():
        text, seen = told.text(file), {}
        for step, excerpt in told.readings(file):
            for first, last in excerpt.ranges(text):
                twice = next((seen[n] for n in range(first, last + 1) if n in seen), None)
                if twice:
                    problems.append(f"{_where(step)}: {excerpt.label} is read in step {twice.id}, too")
                seen.update((n, step) for n in range(first, last + 1))
    return problems


def _folder_reasons(stage, told):
    """A whole folder has no reason in common when there is lesson code in it."""
    problems = []
    for kind in ("new", "changed"):
        for pattern in getattr(stage, kind):
            inside = [f for f in told.files() if globs.matches(pattern, f)] if pattern.endswith(("/", "/*", "/**")) else []
            if inside:
                problems.append(f"course.toml [stage.{stage.number}.{kind}] \"{pattern}\" stands for lesson files ({inside[0]} ...): the "
                                "steps have their reasons; name the other files here")
    return problems


def _budget(repo, stage, told):
    problems, notes = [], []
    course = repo.data.get("course", {})
    most, (few, many) = course.get("lesson", 900), course.get("steps", [3, 6])
    for part in told.parts:
        name, lines = part.id or stage.number, told.part_lines(part)
        each = ", ".join(f"{s.id} {told.step_lines(s)}" for s in part.steps)
        if lines > most:
            problems.append(f"the steps of {name} have {lines} lines of {most}: {each}")
        if not few <= len(part.steps) <= many:
            problems.append(f"course.toml: {name} has {len(part.steps)} steps; {few} to {many} are allowed")
        notes.append(f"{name}: {lines} lines of {most} in {len(part.steps)} steps: {each}")
    return problems, notes


def groups(repo):
    """Every file of a stage is in a step or in exactly one group; every pattern is needed."""
    problems, notes = [], []
    used = set()
    for stage in repo.present():
        told = lesson.of(stage)
        if not told.steps:
            continue
        sizes = {g: 0 for g in ("steps", *GROUPS)}
        for path in stage.lesson_files():
            found = told.groups_of(path)
            if len(found) != 1:
                allowed = f"[stage.{stage.number}.group] or [course.group]"
                problems.append(f"{stage.folder}/{path} is in {' and in '.join(found) if found else 'no step and no group'} ({allowed})")
            else:
                sizes[found[0]] += 1
        for group in GROUPS:
            used |= {(stage.number, p) for p in told.patterns(group)} | {("", p) for p in told.patterns(group)}
        notes.append(f"{stage.number}: " + ", ".join(f"{g} {n}" for g, n in sizes.items()) + " files")
    if not notes:
        return problems, notes
    for stage in repo.present():
        for group, patterns in stage.data.get("group", {}).items():
            problems += [f"course.toml [stage.{stage.number}.group] {group}: \"{p}\" decides about no file"
                         for p in patterns if (stage.number, p) not in used]
    for group, patterns in repo.data.get("course", {}).get("group", {}).items():
        problems += [f"course.toml [course.group] {group}: \"{p}\" decides about no file of any stage"
                     for p in patterns if ("", p) not in used]
    return problems, notes


def parts(repo):
    """No part of a long stage needs a later one: what a step's file includes is of its own part or of an earlier one."""
    problems, notes = [], []
    for stage in repo.present():
        told = lesson.of(stage)
        order = [p.id for p in told.parts]
        if len(order) < 2:
            continue
        first = {}  # file without its extension -> the part that first reads of it
        for file in told.files():
            first.setdefault(_unit(file), told.readings(file)[0][0].part.id)
        for file in told.files():
            here = told.readings(file)[0][0].part.id
            for line, name in _includes(told.text(file)):
                there = first.get(_unit(name), here)
                if order.index(there) > order.index(here):
                    problems.append(f"{stage.folder}/{file}:{line} is read in {here} and includes {name}, which is read in {there} only")
        notes.append(f"{stage.number}: " + " ".join(order) + f", {len(told.files())} files")
    return problems, notes


def _unit(path):
    """A header, its source and what is generated from a .proto are one thing. src/ is where includes are looked for."""
    path = path.removeprefix("src/")
    return path[:-len(".pb.h")] if path.endswith(".pb.h") else path.rsplit(".", 1)[0]


def _includes(text):
    for pattern in (_INCLUDE, _IMPORT):
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start(1)) + 1, match.group(1)
