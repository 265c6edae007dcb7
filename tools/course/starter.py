"""What a student starts with: the stage's reference with the regions of its tasks emptied, or faulty where a bug is to be found."""

import os
import pathlib

from . import emptied, exhibits, regions
from .carry_plan import Version, to_lf

HEADER = "course_todo.h"


def files(repo, stage):
    """{path: Version} of a work folder of the stage. A file that holds a task is text with plain line ends."""
    found = {path: Version((stage.path / path).read_bytes(), os.access(stage.path / path, os.X_OK)) for path in stage.files()}
    for path in sorted({t.file for t in stage.tasks}):
        text = to_lf(found[path].data).decode("utf-8", "surrogateescape")
        found[path] = Version(task_file(repo, stage, path, text).encode("utf-8", "surrogateescape"), found[path].executable)
    for path, version in found.items():
        if path.endswith(".md"):  # the notes are one folder further away
            found[path] = Version(version.data.replace(b"](../", b"](../../"), version.executable)
    found[HEADER] = Version(pathlib.Path(__file__).with_name(HEADER).read_bytes())
    return found


def task_file(repo, stage, path, text):
    """The text of a file of the stage with its tasks' regions as a student finds them first."""
    tasks = [t for t in stage.tasks if t.file == path]
    for task in tasks:
        # A hand-out has no patches: there the mistake is in the stage already.
        if task.is_bug and exhibits.path(repo, stage, task.exhibit).is_file():
            text = exhibits.faulty(repo, stage, task, text)
    # In a hand-out its own regions are empty already.
    empty = {t.id for t in tasks if not t.is_bug and not all(map(is_empty, regions.contents(text, t.id)))}
    return emptied.emptied(text, empty) if empty else text


def without(text, task_id=None):
    """The text with nothing inside the regions of the task (of all tasks)."""
    return regions.filled(text, lambda task, _, inside: "" if task_id in (None, task) else inside)


def is_empty(region):
    """Does the region hold no more than what says that it is not written yet?"""
    lines = [l.strip() for l in region.splitlines() if l.strip()]
    return len(lines) <= 1 and all("COURSE_TODO(" in l for l in lines)
