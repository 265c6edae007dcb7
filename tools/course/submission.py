"""What a student hands in: a folder or a zip. Of it only the regions of the stage's tasks are taken."""

import lzma
import os
import pathlib
import re
import zipfile
import zlib

from . import regions
from .errors import CourseError
from .model import IGNORED_FOLDERS

_SKIPPED = IGNORED_FOLDERS - {"work"}  # a whole checkout handed in has the student's folder in there
_MOST = 1 << 20  # bytes of a file that holds regions
# What Python's zipfile raises for a file that is torn, encrypted, or packed in a way that it does not know.
_TORN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_TODO_INCLUDE = '#include "course_todo.h"'


class Submission:
    """`regions`: {task id: [lines of each of its regions]}; `problems`: {task id: why they cannot be taken};
    `ignored`: files and texts that differ from the course's and do not count; `at`: {task id: first line of each region}."""

    def __init__(self, name):
        self.name = name
        self.regions, self.at, self.problems, self.ignored = {}, {}, {}, []


def read(path, stage, tasks, name=None):
    """The submission at `path` for these tasks of the stage."""
    path = pathlib.Path(path)
    files = _zip(path) if path.is_file() else _folder(path)
    found = Submission(name or path.stem if path.is_file() else name or path.name)
    prefix = _prefix(files, stage, {t.file for t in tasks})
    for file in sorted({t.file for t in tasks}):
        ids = [t.id for t in tasks if t.file == file]
        try:
            text = files[prefix + file]() if prefix + file in files else None
        except CourseError as e:
            found.problems.update({i: str(e) for i in ids})
            continue
        _take(found, stage, file, ids, text)
    _others(found, files, prefix, stage, {t.file for t in stage.tasks})
    return found


def _take(found, stage, file, ids, text):
    if text is None:
        found.problems.update({i: f"{file} is not in the submission" for i in ids})
        return
    reference = (stage.path / file).read_text(encoding="utf-8")
    lines, bad = text.splitlines(), regions.student(text)[1]
    here, there = regions.student(text)[0], regions.student(reference)[0]
    for task in ids:
        own = [(a, b) for i, a, b in here if i == task]
        wanted = sum(i == task for i, _, _ in there)
        if len(own) != wanted:
            more = f" ({file}:{bad[0]})" if bad else ""
            found.problems[task] = (f"{file} has {len(own)} regions <student {task}>, the course has {wanted}: "
                                    f"its marks were changed{more}")
        else:
            found.regions[task] = [lines[a - 1:b] for a, b in own]
            found.at[task] = [a for a, _ in own]
    if _outside(text) != _outside(reference):
        found.ignored.append(f"{file}: text outside of the regions")


def _outside(text):
    """The text around the regions, blanks at the ends of lines apart."""
    lines = text.splitlines()
    for _, first, last in reversed(regions.student(text)[0]):
        lines[first - 1:last] = []
    return [l.rstrip() for l in lines if l.strip() != _TODO_INCLUDE]


def _others(found, files, prefix, stage, task_files):
    ours = set(stage.files())
    for name in sorted(files):
        path = name[len(prefix):] if name.startswith(prefix) else name
        if path in task_files or path == "course_todo.h" or path.endswith("manifest.json"):
            continue
        if path not in ours:
            found.ignored.append(f"{path}: no file of the course")
        else:
            try:
                same = files[name]() == (stage.path / path).read_bytes().decode("utf-8", "surrogateescape")
            except CourseError:
                same = False
            if not same:
                found.ignored.append(f"{path}: differs from the course's")


def _prefix(files, stage, wanted):
    """What stands in front of the stage's paths in the submission, "" or "03_recv_reassembly/" and the like."""
    counts = {}
    for name in files:
        for file in wanted:
            if name == file or name.endswith("/" + file):
                counts.setdefault(name[:len(name) - len(file)], []).append(file)
    if not counts:
        return ""
    # The folder with most of the files; of several the work folder, the one with the stage's name, the shortest path.
    return max(counts, key=lambda p: (len(counts[p]), "work" in p.split("/"), stage.folder in p, -len(p)))


def _folder(root):
    if not root.is_dir():
        raise CourseError(f"{root}: no submission is there")
    top, files = root.resolve(), {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        for name in names:
            path = pathlib.Path(folder) / name
            if name.startswith("."):
                continue
            files[path.relative_to(root).as_posix()] = lambda p=path: _bytes(p, top)
    return files


def _bytes(path, top):
    """The text of a file that lies in the submission: links that lead out of it do not count, nor do devices."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        raise CourseError(f"{path.name} is no file of the submission (a link to itself)") from None
    if top not in real.parents or not real.is_file():
        raise CourseError(f"{path.name} is no file of the submission (a link that leads out of it?)")
    if real.stat().st_size > _MOST:
        raise CourseError(f"{path.name} is larger than {_MOST >> 20} MiB")
    return real.read_bytes().decode("utf-8", "surrogateescape")


def _zip(path):
    try:
        archive = zipfile.ZipFile(path)
        infos = archive.infolist()
    except _TORN as e:
        raise CourseError(f"{path}: not a zip file that can be read ({e})") from None
    files = {}
    for info in infos[:5000]:
        name = re.sub(r"\\", "/", info.filename)
        parts = name.split("/")
        if info.is_dir() or ".." in parts or name.startswith("/") or any(
                p in _SKIPPED or p.startswith(".") or p == "__MACOSX" for p in parts):
            continue
        files[name] = lambda i=info: _unzip(archive, i)
    return files


def _unzip(archive, info):
    if info.file_size > _MOST:
        raise CourseError(f"{info.filename} is larger than {_MOST >> 20} MiB")
    try:
        with archive.open(info) as f:
            raw = f.read(_MOST + 1)
    except _TORN as e:
        raise CourseError(f"{info.filename} cannot be unpacked ({e})") from None
    if len(raw) > _MOST:
        raise CourseError(f"{info.filename} is larger than {_MOST >> 20} MiB")
    return raw.decode("utf-8", "surrogateescape")
