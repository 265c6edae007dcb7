"""`./course check tasks --emptied`: the tests of each task fail while its region is empty.

A copy of the stage gets a switch at the start of every student region: the environment variable
COURSE_EMPTIED names the task that counts as empty, and a program that comes there says so and ends. So one
build serves all tasks of the stage. Each test that course.toml declares for a task has to pass without the
variable and to fail with it. Besides, the file with the region really emptied has to compile."""

import os
import pathlib
import re
import shutil
import subprocess
import time

from . import build, console, process, regions
from .errors import CourseError
from .text import TEXT

_TIMEOUT = 180
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
    at = next((n for n, l in enumerate(lines) if l.startswith(("#include", "#pragma once"))), 0)
    at += lines[at:at + 1] == ["#pragma once"]
    lines.insert(at, f'#include "{_HEADER}"')
    return "\n".join(lines) + "\n"


def check(repo, stages, again):
    """(problems, notes) of all tasks of the stages."""
    problems, notes = [], []
    for stage in stages:
        if stage.tasks:
            found, count = _stage(repo, stage, again)
            problems += found
            notes.append(f"stage {stage.number}: {count} declared tests seen to fail")
    return problems, notes


def _copy(repo, stage):
    """(source folder, build folder, launcher) of a copy of the stage whose regions have switches."""
    from . import alone
    source, tree, launcher = alone.copy(repo, stage, "emptied")
    shutil.copy2(pathlib.Path(__file__).with_name(_HEADER), source / _HEADER)
    for file in sorted({t.file for t in stage.tasks}):
        ids = {t.id for t in stage.tasks if t.file == file}
        (source / file).write_text(switched((source / file).read_text(encoding="utf-8"), ids), encoding="utf-8")
    return source, tree, launcher


def _stage(repo, stage, again):
    source, tree, launcher = _copy(repo, stage)
    names = sorted({spec.split(":")[0] for task in stage.tasks for spec in task.tests})
    _build(repo, stage, source, tree, launcher, names, again)
    problems = _compiles(stage, source, tree)
    runs = [(task, spec) for task in stage.tasks for spec in task.tests]
    status = console.Status(f"stage {stage.number}: {len(runs)} declared tests with their region empty")
    good, failed = {}, 0
    for number, (task, spec) in enumerate(runs, 1):
        status.update(f"{number}/{len(runs)} {task.id} {spec}")
        if spec not in good:
            good[spec] = _run(stage, source, tree, spec, None)
            if good[spec] != 0:
                problems.append(f"stage {stage.number}: {spec} does not pass with the solution: {_ending(good[spec])}")
        code = _run(stage, source, tree, spec, task.id)
        if code == 0:
            problems.append(f"task {task.id}: {spec} passes although the region is empty")
        elif code is None:
            problems.append(f"task {task.id}: {spec} hangs when the region is empty ({_TIMEOUT} s)")
        else:
            failed += 1
    status.done(not problems)
    return problems, failed


def _compiles(stage, source, tree):
    """Each region alone, really emptied, has to compile (warnings apart). Needs the generated headers of the build."""
    problems = []
    compiler = shutil.which("g++") or shutil.which("c++")
    for task in stage.tasks:
        file = source / task.file
        kept = file.read_text(encoding="utf-8")
        file.write_text(emptied((stage.path / task.file).read_text(encoding="utf-8"), {task.id}), encoding="utf-8")
        out = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{source}", f"-I{source / 'src'}", f"-I{tree / 'generated'}", "-x", "c++",
                              "-Wno-pragma-once-outside-header", str(file)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
        file.write_text(kept, encoding="utf-8")
        if out.returncode != 0:
            reason = next((l for l in out.stdout.splitlines() if "error" in l), out.stdout.strip()[:200])
            problems.append(f"task {task.id}: {task.file} does not compile with the region emptied: {reason}")
    return problems


def _build(repo, stage, source, tree, launcher, names, again):
    log = build.log_file(repo, f"emptied-{stage.number}")
    log.unlink(missing_ok=True)
    status = console.Status(f"stage {stage.number}: build with switches")
    targets = [f"stage{stage.number}_{name.replace('.', '_', 1)}" for name in names]
    for command in (["cmake", "-S", str(source), "-B", str(tree), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     "-DCOURSE_WERROR=OFF", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"],
                    ["cmake", "--build", str(tree), "--parallel", str(build.jobs()), "--target", *targets]):
        result = process.run_logged(command, log, status, lambda line: status.update(line[:100]),
                                    env=build.ccache_env(repo), cwd=repo.root)
        if result.code != 0:
            status.done(False)
            process.fail(result, f"building stage {stage.number} with switches", build.first_error(result.tail),
                         again)
    status.done()


def _run(stage, source, tree, spec, task):
    """The exit code of a declared test, None when it takes too long."""
    name, _, wanted = spec.partition(":")
    kind = name.split(".")[0]
    program = tree / "bin" / name.replace(".", "_", 1)
    if not program.is_file():
        raise CourseError(f"{program} is missing")
    arguments = ([f"--gtest_filter={wanted}"] if kind == "unit" else [wanted]) if wanted else []
    environment = dict(os.environ, COURSE_BIN_DIR=str(tree / "bin"), COURSE_STAGE_DIR=str(source))
    environment.pop("COURSE_EMPTIED", None)
    if task:
        environment["COURSE_EMPTIED"] = task
    child = process.popen([str(program), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=environment, cwd=tree)
    try:
        deadline = time.monotonic() + _TIMEOUT
        return child.wait(max(1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    finally:
        process.kill(child)
        child.wait()
        process.forget(child)


def _ending(code):
    return f"no end within {_TIMEOUT} s" if code is None else f"exit code {code}"
