"""What a teacher publishes of the course for one stage: the earlier stages whole, this one with its tasks still to be written,
nothing later, and no answer anywhere. `make` collects it, `leaks` looks whether an answer got in all the same."""

import copy
import os
import pathlib
import re
import shutil
import subprocess

from . import check_quotes, exhibits, globs, handout_finish, handout_links, handout_pages, regions, starter, student_code
from .carry_plan import Version
from .errors import CourseError
from .model import Repo, tomllib

# Of the repository's top: what a student needs. Everything else there is the course's own business.
_TOP = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "course", "course.cmd", "vcpkg.json", ".clang-format", ".clang-tidy",
        ".editorconfig", ".gitattributes", ".gitignore"}
_FOLDERS = ("tools/cmake/", "tools/course/", "tools/site/", "tools/windows-libs/", ".devcontainer/", "notes/")
_NUMBERED = re.compile(r"(?:^|/)(\d\d)[a-z]?[_.\-/]")
_HEADER = re.compile(r"^\[\[?([A-Za-z0-9_.\-\"]+)\]?\]\s*(?:#.*)?$")


class Handout:
    """For the stage, or only for some parts of it (`parts`, as "07a"): the other parts are in it as they are, without marks."""

    def __init__(self, repo, stage, parts=(), answers=False):
        self.repo, self.answers = repo, answers
        self.stage = stage.of_parts(parts) if parts else copy.copy(stage)
        if not self.stage.tasks:
            raise CourseError(f"stage {stage.number} has no tasks")
        self.ids = {t.id for t in self.stage.tasks}
        self.kept_whole = {t.id for t in stage.tasks} - self.ids  # tasks of the other parts
        for task in self.stage.tasks:  # without it the region would be handed out as it is right
            if task.is_bug and not exhibits.path(repo, stage, task.exhibit).is_file():
                raise CourseError(f"task {task.id}: {exhibits.path(repo, stage, task.exhibit).relative_to(repo.root)} is missing")

    def _keeps(self, path):
        """Does the file of the repository go into the hand-out?"""
        for stage in self.repo.stages.values():
            if path.startswith(stage.folder + "/"):
                return stage.number <= self.stage.number
        if path in _TOP:
            return True
        if path.startswith("tools/museum/") or "/museum/" in path:
            name = path.split("museum/", 1)[1]
            number = _NUMBERED.search(name)
            return self._shown_exhibits() if name == "README.md" else number is not None and number.group(1) < self.stage.number
        if not path.startswith(_FOLDERS):
            return False
        if "/tasks/" in path:
            return self._keeps_page(pathlib.PurePosixPath(path).stem)
        if path.endswith(".md") and handout_links.taught_later((self.repo.root / path).read_text(encoding="utf-8"), self.stage.number):
            return False
        number = _NUMBERED.search(path.split("/", 1)[1])
        return number is None or number.group(1) <= self.stage.number

    def _shown_exhibits(self):
        return any(s.exhibits for s in self.repo.present() if s.number < self.stage.number)

    def _keeps_page(self, task_id):
        return task_id[:2] < self.stage.number or task_id in self.ids

    def files(self):
        """{path: Version} of the hand-out."""
        found = {}
        given = starter.files(self.repo, self.stage)
        made = handout_pages.readmes(self)
        kept = [path for path in self.repo.files() if self._keeps(path)]
        links = handout_links.Links(self, [*kept, *made, "course.toml"])
        for path in kept:
            data = (self.repo.root / path).read_bytes()
            inside = path.removeprefix(self.stage.folder + "/") if path.startswith(self.stage.folder + "/") else None
            if inside in {t.file for t in self.stage.tasks}:
                data = given[inside].data
            if inside and self.kept_whole and b"<student " in data:
                data = regions.without_marks(data.decode("utf-8", "surrogateescape"), self.kept_whole).encode("utf-8", "surrogateescape")
            if path.endswith(".md"):
                data = handout_pages.note(self, path, data.decode("utf-8", "surrogateescape"), links).encode("utf-8", "surrogateescape")
            found[path] = Version(data, os.access(self.repo.root / path, os.X_OK))
        found[f"{self.stage.folder}/{starter.HEADER}"] = given[starter.HEADER]
        found["course.toml"] = Version(course_toml(self).encode("utf-8"))
        found |= {path: Version(text.encode("utf-8")) for path, text in made.items()}
        return found

    def make(self, target, more=None):
        """Writes the hand-out into the new folder `target`, as a git repository of one commit."""
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise CourseError(f"{target} is there already and not empty; nothing was changed")
        new = target.with_name(f".{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            for path, version in {**self.files(), **(more or {})}.items():
                file = new / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(version.data)
                file.chmod(0o755 if version.executable else 0o644)
            handout_finish.write(Repo(new))
            _commit(new, self.stage)
            if target.exists():
                target.rmdir()
            new.replace(target)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise


def _commit(folder, stage):
    """Nothing of the user's own settings: no signing, no hooks, no templates."""
    environment = dict(os.environ, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="course", GIT_COMMITTER_NAME="course",
                       GIT_AUTHOR_EMAIL="course@localhost", GIT_COMMITTER_EMAIL="course@localhost")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    for command in (["init", "-q", "-b", "main", "--template="], ["add", "-A"], ["commit", "-q", "-m", f"Stage {stage.number}: {stage.title}"]):
        out = subprocess.run(["git", *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if out.returncode != 0:
            raise CourseError(f"git {command[0]} failed in {folder}: {out.stdout.decode(errors='replace').strip()}")


# -- course.toml -----------------------------------------------------------------------------------------


def course_toml(handout):
    """course.toml without the later stages and without tasks that are not handed out; checked by reading both."""
    text = (handout.repo.root / "course.toml").read_text(encoding="utf-8")
    kept = "".join(_cut(handout, header, block) for header, block in blocks(text) if _wanted(handout, header, block))
    kept = re.sub(r"^\[course\]\n", f'[course]\nhandout = "{handout.stage.number}"  # made by ./course handout\n', kept, count=1, flags=re.M)
    kept = re.sub(rf"^\[stage\.{handout.stage.number}\.new\]\n", f'\\g<0>"{starter.HEADER}" = "stands where a task is not written yet"\n', kept,
                  count=1, flags=re.M)
    try:
        if tomllib.loads(kept)["course"]["handout"] != handout.stage.number:
            raise CourseError("course.toml has no [course]")
    except tomllib.TOMLDecodeError as e:
        raise CourseError(f"course.toml cannot be cut to stage {handout.stage.number}: {e}") from None
    return kept


def blocks(text):
    """[(name of the table, its lines with the comments before it)]; a header stands at the beginning of a line."""
    found, lines, name, waiting, depth = [], [], "", [], 0
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line) if depth == 0 else None
        if header:
            found.append((name, "".join(lines)))
            lines, name, waiting = [*waiting, line], header.group(1), []
        elif depth == 0 and (line.startswith("#") or not line.strip()):
            waiting.append(line)
        else:
            lines += [*waiting, line]
            waiting = []
            depth = max(0, depth + _brackets(line))
    found.append((name, "".join(lines + waiting)))
    return found


def _brackets(line):
    """Brackets of an array that a line opens and does not close; those in its texts do not count."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*', "", line)
    return bare.count("[") - bare.count("]")


def _wanted(handout, header, block):
    match = re.match(r"stage\.\"?(\d\d)\"?(?:\.(\w+))?", header)
    if not match:
        return True
    number, table = match.groups()
    if table == "exhibit":  # its title is the answer of the task to find it
        return number < handout.stage.number
    if number != handout.stage.number or table != "task":
        return number <= handout.stage.number
    task = re.search(r'^id\s*=\s*"([^"]+)"', block, re.M)
    return bool(task) and task.group(1) in handout.ids


def _cut(handout, header, block):
    """The table without what is not handed out."""
    number = handout.stage.number
    if header in ("course.posix", "course.long"):
        return _of_files(handout, block)
    if header == "course.group":
        return re.sub(r"^support = \[", f'\\g<0>"{starter.HEADER}", ', block, flags=re.M)
    if header == f"stage.{number}.task":  # an exhibit's name says what the mistake is
        return re.sub(r"^exhibit = .*\n", "", block, flags=re.M)
    if not (handout.kept_whole and re.fullmatch(rf"stage\.{number}\.(?:part\.)?step", header)):
        return block
    def own(match):
        ids = [i for i in re.findall(r'"([^"]+)"', match.group(1)) if i not in handout.kept_whole]
        return f"tasks = [{', '.join(chr(34) + i + chr(34) for i in ids)}]\n" if ids else ""
    return re.sub(r"^tasks = \[([^\]]*)\]\n", own, block, flags=re.M)


def _of_files(handout, block):
    """The lines whose pattern stands for a file of the stages that are handed out."""
    files = {f for s in handout.repo.present() if s.number <= handout.stage.number for f in s.files()}
    def stays(line):
        match = re.match(r'"([^"]+)" = ', line)
        return not match or any(globs.matches(match.group(1), f) for f in files)
    return "".join(l for l in block.splitlines(keepends=True) if stays(l))


# -- does an answer show? --------------------------------------------------------------------------------

_LEAST = 8       # tokens of a line that is looked for; shorter ones anybody may write
_RUN, _LEAST_OF_RUN = 4, 24  # lines, and tokens, of a piece that is looked for in code
_CODE = (".h", ".cc", ".j2", ".proto", ".inc")


def leaks(repo, handout, folder):
    """Lines of the hand-out in `folder` that say what a region of the stage's tasks, or of a later stage's, says.

    In code single lines may well be the same (a student reads the neighbours and does as they do): there it is pieces."""
    lines, pieces = _answers(repo, handout)
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] != ".git"):
        name = path.relative_to(folder).as_posix()
        text = path.read_bytes().decode("utf-8", "replace")
        code = name.endswith(_CODE) and any(name.startswith(s.folder + "/") for s in repo.stages.values())
        quoted = check_quotes.blocks(text) if name.endswith(".md") else ""  # code, too: what the stage's files have is no answer
        for answers, shown_text in ((pieces, text),) if code else ((lines, check_quotes.without(text)), (pieces, quoted)):
            squeezed_text = _squeezed(shown_text)
            found += [f"{name} has an answer of {task}: {shown}" for squeezed, (shown, task) in answers.items() if squeezed in squeezed_text]
    return found + _history(folder)


def _answers(repo, handout):
    """({text without blanks: (as it is shown, task id)} of lines, the same of pieces) that only answers have: not those of the
    earlier stages, which are handed out whole; of a later stage not what this one has, too; and of a region that begins with a
    mistake not what is right already."""
    known = "".join(_squeezed((s.path / p).read_text(encoding="utf-8", errors="replace")) for s in repo.present()
                    if s.number < handout.stage.number for p in s.files() if p.endswith(_CODE))
    given = starter.files(repo, handout.stage)
    begun = "".join(_squeezed(v.data.decode("utf-8", "replace")) for p, v in given.items() if p.endswith(_CODE))
    lines, pieces = {}, {}
    for stage in (s for s in repo.present() if s.number >= handout.stage.number):
        for task in stage.tasks:
            here = stage.number == handout.stage.number
            if here and task.id not in handout.ids:
                continue
            own = known if here else known + begun
            if here and task.is_bug:
                own += _squeezed(given[task.file].data.decode("utf-8", "replace"))
            text = (stage.path / task.file).read_text(encoding="utf-8")
            for task_id, first, last in regions.student(text)[0]:
                if task_id == task.id:
                    region = [l.strip() for l in text.splitlines()[first - 1:last] if len(student_code.tokens(l)) > 2]
                    _note(lines, region, 1, _LEAST, own, task_id)
                    _note(pieces, region, min(_RUN, len(region)), _LEAST_OF_RUN, own, task_id)
    return lines, pieces


def _note(found, region, length, least, known, task_id):
    for n in range(len(region) - length + 1):
        piece = region[n:n + length]
        squeezed = _squeezed("".join(piece))
        if sum(len(student_code.tokens(l)) for l in piece) >= least and squeezed not in known:
            found.setdefault(squeezed, (" / ".join(piece)[:160], task_id))


def _squeezed(text):
    """Without blanks and braces: how it is laid out is no difference."""
    return re.sub(r"[\s{}]+", "", text)


def _history(folder):
    """One commit, no other branch, and nothing in the folder that it does not have."""
    if not (folder / ".git").is_dir():
        return [f"{folder} is no git repository"]
    def git(*words):
        return subprocess.run(["git", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode(errors="replace")
    problems = []
    if git("rev-list", "--all", "--count").strip() != "1":
        problems.append("its history has more than one commit")
    if len(git("for-each-ref", "--format=%(refname)").split()) != 1:
        problems.append("its repository has other branches or tags")
    return problems
