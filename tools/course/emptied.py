"""`./course check tasks --emptied`: the tests of each task fail while its region is empty.

A copy of the stage gets a switch at the start of every student region: the environment variable
COURSE_EMPTIED names the task that counts as empty, and a program that comes there says so and ends. So one
build serves all tasks of the stage. Each test that course.toml declares for a task has to pass without the
variable and to fail with it. Besides, the file with the region really emptied has to compile."""

import pathlib
import re
import shutil
import subprocess

from . import console, regions, trial
from .errors import CourseError
from .text import TEXT

_HEADER = "course_todo.h"


def emptied(text, task_ids):
    """The text with COURSE_TODO("id"); in place of the regions of these tasks, as a student starts with."""
    def change(indent, task, lines):
        label = "default: " if _cases(lines) else ""  # the student writes cases of a switch
        return [f'{indent}{label}COURSE_TODO("{task}");']
    return _edit(text, task_ids, change)


def switched(text, task_ids):
    """The text with a switch at the start of the regions of these tasks."""
    def change(indent, task, lines):
        switch = f'{indent}COURSE_TODO_IF_ASKED("{task}");'
        if not _cases(lines):
            return [switch, *lines]
        return [new for line in lines for new in ([line, switch] if _CASE.match(line) else [line])]
    return _edit(text, task_ids, change)


_CASE = re.compile(r"\s*(case\b.*|default):\s*\{?\s*$")


def _cases(lines):
    """Does the region begin with a case of a switch, so that nothing can stand before it?"""
    first = next((l for l in lines if l.strip() and not l.strip().startswith("//")), "")
    return bool(_CASE.match(first))


def _edit(text, task_ids, change):
    lines = text.splitlines()
    found, _ = regions.student(text)
    for task, first, last in reversed(found):
        if task in task_ids:
            indent = re.match(r"\s*", lines[first - 2]).group(0)
            lines[first - 1:last] = change(indent, task, lines[first - 1:last])
    if f'#include "{_HEADER}"' not in lines:
        lines.insert(_place(lines), f'#include "{_HEADER}"')
    return "\n".join(lines) + "\n"


def _place(lines):
    """Where the header's include goes so that clang-format leaves it there: sorted among the last block of the project's own, behind
    the file's own header, which comes first."""
    if "#pragma once" in lines:
        return lines.index("#pragma once") + 1
    includes = [n for n, l in enumerate(lines) if l.startswith("#include")]
    own = [n for n in includes if '"' in lines[n]]
    if not own:
        return includes[-1] + 1 if includes else 0
    first = own[-1]
    while first - 1 in own:
        first -= 1
    return next((n for n in range(first, own[-1] + 1) if n != includes[0] and lines[n] > f'#include "{_HEADER}"'), own[-1] + 1)


def chosen(repo, names):
    """{stage: tasks} by "04.2", "07b.2" or, for a part, "07b"."""
    from . import work
    found = {}
    for name in names:
        if "." in name:
            stage, task = work.find_task(repo, name)
            tasks = [task]
        else:
            stage = repo.find_part(name)
            stage, tasks = repo.stages[stage.number], stage.tasks
        found.setdefault(stage, []).extend(t for t in tasks if t not in found.get(stage, ()))
    return found


def check(repo, tasks_of, again):
    """(problems, notes) of {stage: its tasks that are looked at}."""
    problems, notes = [], []
    for stage, tasks in tasks_of.items():
        if tasks:
            found, count = _stage(repo, stage, tasks, again)
            problems += found
            notes.append(f"stage {stage.number}: {count} declared tests seen to fail")
    return problems, notes


def _copy(repo, stage):
    """A copy of the stage whose regions have switches."""
    from . import alone
    source, tree, _ = alone.copy(repo, stage, "emptied")
    shutil.copy2(pathlib.Path(__file__).with_name(_HEADER), source / _HEADER)
    for file in sorted({t.file for t in stage.tasks}):
        ids = {t.id for t in stage.tasks if t.file == file}
        (source / file).write_text(switched((source / file).read_text(encoding="utf-8"), ids), encoding="utf-8")
    return trial.Tree(repo, stage, source, tree, environment={"COURSE_EMPTIED": None}, name=f"emptied-{stage.number}")


def _stage(repo, stage, tasks, again):
    tree = _copy(repo, stage)
    _build(tree, tasks, again)
    problems = _compiles(repo, stage, tasks, tree.source, tree.tree)
    runs = [(task, spec) for task in tasks for spec in task.tests]
    status = console.Status(f"stage {stage.number}: {len(runs)} declared tests with their region empty")
    good, failed = {}, 0
    for number, (task, spec) in enumerate(runs, 1):
        status.update(f"{number}/{len(runs)} {task.id} {spec}")
        if spec not in good:
            good[spec] = tree.run(spec)
            if not good[spec].passed:
                problems.append(f"stage {stage.number}: {spec} does not pass with the solution: {good[spec].ended}")
        outcome = tree.run(spec, environment={"COURSE_EMPTIED": task.id})
        if outcome.passed:
            problems.append(f"task {task.id}: {spec} passes although the region is empty")
        elif outcome.ended.startswith("no end"):
            problems.append(f"task {task.id}: {spec} hangs when the region is empty ({outcome.ended})")
        else:
            failed += 1
    status.done(not problems)
    return problems, failed


def _compiles(repo, stage, tasks, source, tree):
    """The file that a student starts with has to compile (warnings apart), and also with one region emptied and the others
    written: compilers say different things of both. Needs the generated headers of the build."""
    from . import starter
    problems = []
    compiler = shutil.which("g++") or shutil.which("c++")
    texts = {}
    for task in tasks:
        text = (stage.path / task.file).read_text(encoding="utf-8")
        if not task.is_bug:
            texts[f"task {task.id}: {task.file} does not compile with the region emptied"] = task.file, emptied(text, {task.id})
        texts[f"stage {stage.number}: what a student starts with does not compile, {task.file}"] = (
            task.file, starter.task_file(repo, stage, task.file, text))
    for problem, (name, text) in texts.items():
        file = source / name
        kept = file.read_text(encoding="utf-8")
        file.write_text(text, encoding="utf-8")
        out = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{source}", f"-I{source / 'src'}", f"-I{tree / 'generated'}", "-x", "c++",
                              "-Wno-pragma-once-outside-header", str(file)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
        file.write_text(kept, encoding="utf-8")
        if out.returncode != 0:
            reason = next((l for l in out.stdout.splitlines() if "error" in l), out.stdout.strip()[:200])
            problems.append(f"{problem}: {reason}")
    return problems


def _build(tree, tasks, again):
    number = tree.stage.number
    tree.configure()
    status = console.Status(f"stage {number}: build with switches")
    built = tree.build([spec for task in tasks for spec in task.tests], status)
    status.done(built.ok)
    if not built.ok:
        for line in built.first_error.splitlines():
            console.say("  " + line)
        console.say(f"full log: {built.log}")
        raise CourseError(f"building stage {number} with switches failed; again with: {again}")
