"""One submission graded: which regions are taken, which of them compile, which tests pass, which points that gives."""

import collections
import os
import re
import time

from . import ctest, regions, student_code, trial

# state: "passed", "failed" (its tests), "no build", "refused", "missing", "not written"
Task = collections.namedtuple("Task", "id title points possible state reason details")
# problem: why nothing could be graded. cpu: seconds of this command's children, None where others run beside.
Graded = collections.namedtuple("Graded", "name tasks ignored seconds cpu problem", defaults=(None,))
_LOCATION = re.compile(r"^(?:In file included from |\s+from )?([^\s:][^:]*):(\d+)(?::\d+)?(?::|,|$)")


def score(graded):
    return sum(t.points for t in graded.tasks)


def possible(graded):
    return sum(t.possible for t in graded.tasks)


def grade(slot, submission, tick=lambda text: None):
    """The submission in the slot's tree. The course's own files are what counts; of the student's only the regions."""
    start, cpu = time.monotonic(), _cpu()
    results, taken = {}, {}
    for task in slot.tasks:
        refused = _look(slot, submission, task)
        if refused:
            results[task.id] = refused
        else:
            taken[task.id] = submission.regions[task.id]
    tick("compiles")
    for task_id, error in _compile(slot, taken).items():
        results[task_id] = ("no build", "it does not compile (or link); the other tasks are graded with the course's own text of it", error)
        del taken[task_id]
    results.update(_test(slot, taken, tick))
    _second_look(slot, taken, results, tick)
    tasks = []
    for task in slot.tasks:
        state, reason, details = results[task.id]
        tasks.append(Task(task.id, task.title, task.points if state == "passed" else 0, task.points, state, reason, details))
    return Graded(submission.name, tasks, submission.ignored, time.monotonic() - start, _cpu() - cpu)


def _cpu():
    """Processor seconds of the children so far."""
    used = os.times()
    return used.children_user + used.children_system


def _look(slot, submission, task):
    """(state, reason, details) when the task's regions cannot be taken."""
    if task.id in submission.problems:
        return "missing", submission.problems[task.id], ""
    own = submission.regions[task.id]
    if not any(student_code.is_written(lines) for lines in own) or any(
            "COURSE_TODO" in (t.text for t in student_code.tokens("\n".join(lines))) for lines in own):
        return "not written", "not written yet", ""
    text = (slot.stage.path / task.file).read_text(encoding="utf-8")
    lines = text.splitlines()
    known = {t.text for i, a, b in regions.student(text)[0] if i == task.id
             for t in student_code.tokens("\n".join(lines[a - 1:b])) if t.kind == "word"}
    for first, region in zip(submission.at[task.id], own):
        refused = student_code.refusal(region, known)
        if refused:
            line, why = refused
            return "refused", f"{task.file}:{first + line - 1}: {why}", ""
    return None


# -- compiling -------------------------------------------------------------------------------------------


def _compile(slot, taken):
    """{task id: the compiler's words} of the regions that do not compile. Afterwards the others are in place and built."""
    errors, left = {}, dict(taken)
    built = _build(slot, left, left)
    while left and not built.ok:
        blamed = _blamed(slot, built.lines, left)
        if not blamed:
            return errors | _one_by_one(slot, left)
        errors |= blamed
        for task_id in blamed:
            del left[task_id]
        built = _build(slot, left, left)
    return errors


def _build(slot, taken, wanted):
    slot.place(taken)
    return slot.build(wanted) if wanted else trial.BuildResult(True, "", None, [])


def _one_by_one(slot, taken):
    """The errors stand in other files or come from the linker: who brings them in?"""
    errors, good = {}, {}
    for task_id, own in taken.items():
        built = _build(slot, {**good, task_id: own}, taken)
        if built.ok:
            good[task_id] = own
        else:
            errors[task_id] = _said(built.first_error.splitlines()) or "the compiler did not come to an end"
    if errors:
        _build(slot, good, good)
    return errors


def _blamed(slot, lines, taken):
    """{task id: error} of the regions that the first error of each failed command stands in, or was caused from."""
    where = {}
    for file in {t.file for t in slot.tasks}:
        for task_id, first, last in regions.student(slot.text(file))[0]:
            if task_id in taken:
                where.setdefault(file, []).append((first, last, task_id))
    blamed = {}
    for block in _failed_commands(lines):
        first = next((n for n, l in enumerate(block) if re.search(r"\berror\b", l)), None)
        if first is None:
            continue
        # The error's own line first; then what led to it (before it: instantiations; after it: notes).
        for number in [first, *range(first - 1, max(-1, first - 30), -1), *range(first + 1, min(len(block), first + 30))]:
            task_id = _region_at(slot, block[number], where)
            if task_id:
                blamed.setdefault(task_id, _said(block[max(0, first - 3):first + 12]))
                break
    return blamed


def _said(lines):
    """What the compiler or linker says, without the commands."""
    return "\n".join(l for l in lines if not l.startswith(("FAILED:", ": &&", "ninja:")) and "/stage-compile " not in l)


def _failed_commands(lines):
    blocks = []
    for line in lines:
        if line.startswith("FAILED:"):
            blocks.append([])
        elif re.match(r"^\[\d+/\d+\]|^ninja:", line):
            blocks.append(None)
        elif blocks and blocks[-1] is not None:
            blocks[-1].append(line)
    return [b for b in blocks if b]


def _region_at(slot, line, where):
    match = _LOCATION.match(line)
    if not match:
        return None
    path, number = match.group(1), int(match.group(2))
    path = os.path.normpath(os.path.relpath(path, slot.source) if os.path.isabs(path) else path)
    path = re.sub(r"^.*?\.view/[^/]+/", "", path)
    return next((task_id for first, last, task_id in where.get(path, ()) if first <= number <= last), None)


# -- running ---------------------------------------------------------------------------------------------


def _test(slot, taken, tick):
    """{task id: (state, reason, details)} by the declared tests, each run once; after a failure the task's others are not.

    After a test that does not end none is run: the next ones would most likely wait in the same place. The second look says."""
    results, seen, hangs = {}, {}, None
    for task in slot.tasks:
        if task.id not in taken:
            continue
        if hangs:
            results[task.id] = ("failed", f"not tried: {hangs} did not end", "")
            continue
        results[task.id] = ("passed", "", "")
        for spec in slot.specs[task.id]:
            if spec not in seen:
                tick(f"{task.id} {spec}")
                seen[spec] = slot.judge(spec)
            why, outcome = seen[spec]
            if why:
                results[task.id] = ("failed", why, _relevant(outcome))
                hangs = spec if outcome.ended.startswith("no end") else None
                break
    return results


def _second_look(slot, taken, results, tick):
    """A wrong region fails the tests of those that stand on it. So each task that failed beside another one is tried once
    more with the course's own text in place of the others that failed."""
    failed = [i for i in taken if results[i][0] == "failed"]
    if len(failed) < 2:
        return
    good = {i: own for i, own in taken.items() if i not in failed}
    for task in (t for t in slot.tasks if t.id in failed):
        tick(f"{task.id} once more, without the others that failed")
        own = {**good, task.id: taken[task.id]}
        if not _build(slot, own, [task.id]).ok:
            continue
        for spec in slot.specs[task.id]:
            why, outcome = slot.judge(spec)
            if why:
                results[task.id] = ("failed", why, _relevant(outcome))
                break
        else:
            results[task.id] = ("passed", "passes with the course's own text in place of the tasks that failed", "")


def _relevant(outcome):
    """What of the output says why: without the grader's own case."""
    kept, skip = [], False
    for line in outcome.text.splitlines():
        if "Canary" in line:
            skip = line.startswith("[ RUN")
            continue
        if not skip:
            kept.append(line)
    lines = ctest.relevant("\n".join(kept))
    return "\n".join(l[:300] for l in lines)
