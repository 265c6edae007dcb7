"""`./course diff --mine`: what a student has changed in a work folder since its start."""

import difflib

from . import console, language, starter, work as works
from .carry_plan import is_binary, to_lf
from .errors import CourseError
from .model import walk

T = language.Texts(
    {"same": "{name} is as it was at the start", "new": "new: {path}", "removed": "removed: {path}", "binary": "changed: {path} (not text)",
     "no start": "{name}/.course/starter.zip is missing: what the folder was at the start is not known"},
    {"same": "{name}은(는) 처음 상태 그대로입니다", "new": "새 파일: {path}", "removed": "없어진 파일: {path}", "binary": "바뀜: {path} (텍스트가 아님)",
     "no start": "{name}/.course/starter.zip이 없어 처음 상태를 알 수 없습니다"})


def show(repo, name=None):
    work = works.current(repo, name)
    start = work.starter()
    if not start:
        raise CourseError(T("no start", name=work.name))
    lines = [line for path in sorted({*start, *walk(work.path)} - {starter.HEADER}) for line in _file(work, path, start.get(path))]
    for line in lines or [T("same", name=work.name)]:
        console.say(line)
    return 0


def _file(work, path, old):
    file = work.path / path
    if not file.is_file():
        return [T("removed", path=path)]
    new = file.read_bytes()
    if old is None:
        return [T("new", path=path)]
    if to_lf(new) == to_lf(old.data):
        return []
    if is_binary(new) or is_binary(old.data):
        return [T("binary", path=path)]
    a, b = (to_lf(d).decode("utf-8", "replace").splitlines() for d in (old.data, new))
    return difflib.unified_diff(a, b, f"start/{path}", f"{work.name}/{path}", lineterm="")
