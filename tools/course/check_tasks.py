"""`./course check tasks`: regions, points, pages and exhibits of the tasks are as course.toml says."""

import re

from . import check_stages, exhibits, regions, starter, taskpage
from .carry_plan import is_binary
from .errors import CourseError


def tasks(repo):
    problems = []
    all_ids = {t.id for s in repo.stages.values() for t in s.tasks}
    for stage in repo.present():
        problems += _stage(repo, stage, all_ids)
    return problems, []


def _stage(repo, stage, all_ids):
    problems, where = [], {}
    for path in stage.lesson_files():
        data = (stage.path / path).read_bytes()
        if is_binary(data) or b"student" not in data:
            continue
        found, bad = regions.student(data.decode("utf-8", "replace"))
        problems += [f"{stage.folder}/{path}:{b}" for b in bad]
        for task_id, _, _ in found:
            where.setdefault(task_id, set()).add(path)
    tests = check_stages.registered_tests(stage)
    for task in stage.tasks:
        problems += _task(repo, stage, task, where.get(task.id, set()), tests)
    ids = [t.id for t in stage.tasks]
    problems += [f"course.toml: task {i} is there twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    for task_id in sorted(where):
        if task_id not in all_ids:
            problems.append(f"{stage.folder}: region <student {task_id}> in {', '.join(sorted(where[task_id]))} "
                            "belongs to no task of course.toml")
    return problems + _points(stage)


def _task(repo, stage, task, files, tests):
    problems, where = [], f"course.toml: task {task.id}"
    if not re.match(stage.number + r"[a-z]?\.\d", task.id):
        problems.append(f"{where} stands in stage {stage.number}")
    problems += [f"{where}: unknown key '{key}'" + (" (it stands on the task's page now)" if key in ("hints", "note") else "")
                 for key in task.unknown]
    if not task.title_ko.strip():
        problems.append(f"{where} has no 'title_ko'")
    if task.file not in files:
        problems.append(f"{where}: {stage.folder}/{task.file} has no region <student {task.id}>")
    problems += [f"{where}: {stage.folder}/{file} has a region of it, which is not its file ({task.file})"
                 for file in sorted(files - {task.file})]
    for test in task.tests:
        if test.split(":")[0] not in tests:
            problems.append(f"{where}: no test {test.split(':')[0]} in {stage.folder}")
    if not task.tests:
        problems.append(f"{where}: 'tests' is empty: name what proves it")
    if task.points <= 0:
        problems.append(f"{where}: points must be a number above 0")
    return problems + taskpage.problems(repo, task) + (_exhibit(repo, stage, task) if task.file in files else [])


def _points(stage):
    """The tasks of the stage, or of each of its parts, add up to the stage's points."""
    parts = {}
    for task in stage.tasks:
        parts.setdefault(task.part, []).append(task)
    problems = []
    if len(parts) > 1 and "" in parts:
        problems.append(f"course.toml: task {parts.pop('')[0].id} belongs to no part of stage {stage.number}, as the others do ({stage.number}a.1)")
    for part, inside in sorted((parts or {"": []}).items()):
        total = sum(t.points for t in inside)
        if total != stage.points:
            what = f"the tasks of {part} add up to {total}" if part else f"its tasks add up to {total}"
            problems.append(f"course.toml [stage.{stage.number}]: points = {stage.points}, {what}")
    return problems


def _exhibit(repo, stage, task):
    """The patch of a task to find a bug applies, and changes nothing but the task's regions."""
    where = f"course.toml: task {task.id}"
    if task.kind not in ("", "bug"):
        return [f"{where}: kind is '{task.kind}'; it may be bug, or left out"]
    if not task.is_bug:
        return [f"{where}: 'exhibit' goes with kind = \"bug\""] if task.exhibit else []
    if repo.data.get("course", {}).get("handout") == stage.number:  # the mistake is in the code; its name and the patch would tell
        return []
    if not task.exhibit:
        return [f"{where} has no 'exhibit': the name of a patch in tools/museum/{stage.number}"]
    right = (stage.path / task.file).read_text(encoding="utf-8")
    try:
        others = sorted(set(exhibits.read(repo, stage, task.exhibit)) - {task.file})
        wrong = exhibits.faulty(repo, stage, task, right)
    except CourseError as e:
        return [f"task {task.id}: {e}"]
    name = f"task {task.id}: tools/museum/{stage.number}/{task.exhibit}.patch"
    problems = [f"{name} changes {file}, which is not the task's file ({task.file})" for file in others]
    if starter.without(right, task.id) != starter.without(wrong, task.id):
        problems.append(f"{name} changes lines outside of <student {task.id}>")
    elif right == wrong:
        problems.append(f"{name} changes nothing")
    return problems
