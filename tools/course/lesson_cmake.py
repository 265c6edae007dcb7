"""support/cmake/lesson.cmake of each stage: the sources that its steps read, for the build.

The rest of a library is compiled as one file, which costs a third; what a student changes is compiled on its own, so that
a changed line costs one small file."""

from . import lesson

FILE = "support/cmake/lesson.cmake"
_HEAD = ("# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a\n"
         "# library as one file (stage.cmake). Made by ./course check steps --fix.\n")


def contents(stage):
    sources = [f for f in lesson.of(stage).files() if f.endswith(".cc")]
    return _HEAD + "set(stage_lesson" + "".join(f"\n  {f}" for f in sorted(sources)) + ")\n"


def _builds(stage):
    return (stage.repo.root / stage.folder / "support" / "cmake" / "stage.cmake").is_file()


def problems(stage):
    file = stage.repo.root / stage.folder / FILE
    if not _builds(stage) or file.is_file() and file.read_text(encoding="utf-8") == contents(stage):
        return []
    return [f"{stage.folder}/{FILE} is not what the steps of course.toml say: ./course check steps --fix"]


def write(repo):
    for stage in repo.present():
        if _builds(stage) and not lesson.of(stage).problems:
            (repo.root / stage.folder / FILE).write_text(contents(stage), encoding="utf-8", newline="\n")
