"""A student's folder of a stage, work/NN_name, and the tasks in it."""

import difflib
import hashlib
import io
import pathlib
import re
import zipfile
import zlib

from . import language, regions, starter
from .carry_plan import Version, to_lf
from .errors import CourseError, UsageError
from .state import State

T = language.Texts(
    {"none": "stage {number} has no work folder yet; it is made by: ./course start {number}",
     "none at all": "there is no work folder yet; it is made by: ./course start {number}",
     "no task": "there is no task '{name}'{hint} (in stage {number}: {ids})",
     "no tasks": "there is no task '{name}'{hint}",
     "nearest": "; did you mean {id}?",
     "no such stage task": "stage {number} has no tasks",
     "gone": "work/{folder}/{file} is missing; ./course reset {id} --file brings it back as it was at the start",
     "marks": "work/{folder}/{file}: the marks of {id} are gone or edited ({why}); put `// <student {id}>` and `// </student>` back, each on "
              "a line of its own, or ./course reset {id} --file (the whole file as it was at the start; yours is kept)",
     "count": "{there} regions instead of {wanted}"},
    {"none": "단계 {number}의 작업 폴더가 아직 없습니다. 만드는 명령: ./course start {number}",
     "none at all": "작업 폴더가 아직 없습니다. 만드는 명령: ./course start {number}",
     "no task": "'{name}'(이)라는 과제는 없습니다{hint} (단계 {number}: {ids})",
     "no tasks": "'{name}'(이)라는 과제는 없습니다{hint}",
     "nearest": ". 혹시 {id}입니까?",
     "no such stage task": "단계 {number}에는 과제가 없습니다",
     "gone": "work/{folder}/{file} 파일이 없습니다. ./course reset {id} --file 로 처음 상태를 되살릴 수 있습니다",
     "marks": "work/{folder}/{file}: {id}의 표시가 없어졌거나 바뀌었습니다({why}). `// <student {id}>`와 `// </student>`를 각각 한 줄에 다시 적거나 "
              "./course reset {id} --file 을 쓰십시오(파일 전체가 처음 상태로 돌아가며, 지금 파일은 보관됩니다)",
     "count": "영역이 {wanted}개가 아니라 {there}개"})


class Work:
    def __init__(self, repo, stage):
        self.repo, self.stage = repo, stage
        self.path = repo.work(stage)
        self.course = self.path / ".course"
        self._state = None

    @property
    def exists(self):
        return (self.path / "CMakeLists.txt").is_file() or self.course.is_dir()

    @property
    def state(self):
        if self._state is None:
            self._state = State(self.course)
        return self._state

    @property
    def name(self):
        return f"work/{self.stage.folder}"

    def require(self):
        if not self.exists:
            raise UsageError(T("none", number=self.stage.number))
        return self

    # -- regions ---------------------------------------------------------------------------------

    def text(self, task):
        try:
            return to_lf((self.path / task.file).read_bytes()).decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            raise CourseError(T("gone", folder=self.stage.folder, file=task.file, id=task.id)) from None

    def regions(self, task):
        """What the student has written for the task, region by region; a clear line when the marks are not whole."""
        text = self.text(task)
        found, problems = regions.student(text)
        mine = regions.contents(text, task.id)
        wanted = len(regions.contents(self.reference(task), task.id))
        if problems or len(mine) != wanted:
            why = problems[0] if problems else T("count", there=len(mine), wanted=wanted)
            raise CourseError(T("marks", folder=self.stage.folder, file=task.file, id=task.id, why=why))
        return mine

    def reference(self, task):
        """The text of the task's file in the stage's folder."""
        return reference(self.repo, self.stage, task)

    def starter_text(self, task):
        """The task's file as it was at the start."""
        version = self.starter().get(task.file)
        return version.data.decode("utf-8", "surrogateescape") if version else starter.task_file(
            self.repo, self.stage, task.file, self.reference(task))

    def written(self, task):
        """Is there anything but what was there at the start?"""
        return self.regions(task) != regions.contents(self.starter_text(task), task.id)

    def digest(self, task):
        return hashlib.sha256("\0".join(self.regions(task)).encode("utf-8", "surrogateescape")).hexdigest()

    def mark(self, task):
        """passed, changed (since it passed), given up, written, empty, or broken (its marks)."""
        try:
            written, digest = self.written(task), self.digest(task)
        except CourseError:
            return "broken"
        passed = self.state.task(task.id).get("passed", {})
        if passed:
            return "passed" if passed.get("region") == digest else "changed"
        if self.state.given_up(task.id):
            return "given up"
        return "written" if written else "empty"

    def line(self, task):
        """The line of the task's first region."""
        return next((first for i, first, _ in regions.student(self.text(task))[0] if i == task.id), 1)

    def next_open(self):
        """The first task that has neither passed nor been given up; None when there is none."""
        return next((t for t in self.stage.tasks if self.mark(t) not in ("passed", "given up")), None)

    # -- the start -------------------------------------------------------------------------------

    def starter(self):
        """{path: Version} of the folder as the stage gave it; empty when the record is gone."""
        if not hasattr(self, "_starter"):
            self._starter = {}
            try:
                with zipfile.ZipFile(self.course / "starter.zip") as archive:
                    self._starter = {i.filename: Version(archive.read(i), bool(i.external_attr >> 16 & 0o100)) for i in archive.infolist()}
            except (OSError, zipfile.BadZipFile, zlib.error):
                pass
        return self._starter


def pack(files):
    """The bytes of a zip of {path: Version}, the same for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, version in sorted(files.items()):
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if version.executable else 0o100644) << 16
            archive.writestr(info, version.data)
    return buffer.getvalue()


def reference(repo, stage, task):
    return to_lf((repo.root / stage.folder / task.file).read_bytes()).decode("utf-8", "surrogateescape")


# -- which one is meant --------------------------------------------------------------------------


def here(repo, folder=None):
    """The work folder that the command was called in; None outside of them."""
    try:
        place = pathlib.Path(folder or pathlib.Path.cwd()).resolve().relative_to(repo.root / "work")
    except (ValueError, OSError):
        return None
    stage = next((s for s in repo.stages.values() if place.parts and s.folder == place.parts[0]), None)
    return Work(repo, stage) if stage else None


def current(repo, name=None):
    """The named stage's work folder; else where we are; else the last of those that were started."""
    if name:
        return Work(repo, repo.find_part(name)).require()
    found = here(repo)
    if found:
        return found.require()
    started = [w for w in (Work(repo, s) for s in repo.stages.values()) if w.exists]
    if not started:
        stages = [s for s in repo.present() if s.tasks]
        raise UsageError(T("none at all", number=stages[0].number if stages else "01"))
    return max(started, key=lambda w: (w.state.data.get("started", ""), w.stage.number))


def find_task(repo, name):
    """(stage, task) by "04.2", "4.2" or "7a.1"; the error names the nearest."""
    wanted = name.strip().lower()
    if re.match(r"\d[a-z]?\.", wanted):
        wanted = "0" + wanted
    tasks = {t.id: (s, t) for s in repo.stages.values() for t in s.tasks}
    if wanted in tasks:
        return tasks[wanted]
    near = difflib.get_close_matches(wanted, tasks, n=1, cutoff=0.4)
    titles = {text.lower(): t.id for _, t in tasks.values() for text in (t.title, t.title_ko) if text}
    near = near or [titles[t] for t in difflib.get_close_matches(wanted, titles, n=1, cutoff=0.5)]
    hint = T("nearest", id=near[0]) if near else ""
    stage = repo.stages.get(wanted[:2]) or (tasks[near[0]][0] if near else None)
    if stage and stage.tasks:
        raise UsageError(T("no task", name=name, hint=hint, number=stage.number, ids=", ".join(t.id for t in stage.tasks)))
    raise UsageError(T("no tasks", name=name, hint=hint))
