"""`./course handout NN --to DIR`: a folder that a teacher can publish."""

import pathlib
import zipfile

from . import console, handout, handout_pages, packages
from .carry_plan import Version
from .errors import CourseError

HELP = "a folder for students: earlier stages whole, this one to be written, no answers"
EXAMPLES = """examples:
  ./course handout 03 --to ../stage03          a git repository of one commit, with its own README
  ./course handout 07 --to ../stage07 --parts a,b         only the tasks of 07a and 07b
  ./course handout 03 --to ../stage03 --check  looks at a hand-out that is there: does a line of an answer show?
  ./course handout 03 --to ../stage03 --gradescope        besides ../stage03-gradescope.zip, Gradescope's autograder
  ./course handout 03 --to ../stage03 --github-classroom  with a workflow that tries the tasks on each push (feedback, no grade)

In it: the stages before whole, the stage with its regions empty (faulty, where a bug is to be found), the notes up to it, the tasks' pages
with their hints, the course command. With --parts only the tasks of these parts are to be written, and graded (grade 07a, grade 07b);
the stage's other parts, before and behind them, are in it complete, answers and all, so that the server runs. Who wants to give the
same students a later part afterwards hands out the whole stage and says which part is due. Not in it: later stages, answers, "why it is so", the museum's patches of this stage, history.
The autograder's zip holds the answers: it is for Gradescope, not for students. A new hand-out is looked at as --check does."""


def add_arguments(parser):
    parser.add_argument("stage", help="the stage, e.g. 03")
    parser.add_argument("--to", required=True, metavar="DIR", help="the new folder")
    parser.add_argument("--parts", default="", help="of stage 07: only the tasks of these parts, e.g. a,b; the others are complete in it")
    parser.add_argument("--solutions", action="store_true", help="with the texts (why it is so) of the earlier stages' tasks")
    parser.add_argument("--check", action="store_true", help="make nothing: look at the hand-out in DIR")
    parser.add_argument("--gradescope", action="store_true", help="besides: DIR-gradescope.zip, the autograder")
    parser.add_argument("--github-classroom", action="store_true", help="with a workflow for GitHub Classroom")


def run(repo, args):
    if repo.data.get("course", {}).get("handout"):
        raise CourseError("this is a hand-out itself: make another one from the course's own repository")
    packages.ensure(["git"], args.yes)
    stage = repo.find(args.stage)
    parts = [stage.number + p.strip().removeprefix(stage.number) for p in args.parts.split(",") if p.strip()]
    given = handout.Handout(repo, stage, parts, args.solutions)
    target = pathlib.Path(args.to).absolute()
    if args.check:
        if not (target / "course.toml").is_file():
            raise CourseError(f"{target}: no hand-out is there")
        return _check(repo, given, target)
    if args.gradescope and target.with_name(f"{target.name}-gradescope.zip").exists():
        raise CourseError(f"{target}-gradescope.zip is there already; nothing was changed")
    given.make(target, _classroom(given, repo) if args.github_classroom else None)
    console.say(f"{target}: {len(given.stage.tasks)} tasks, {sum(t.points for t in given.stage.tasks)} points")
    if args.gradescope:
        _gradescope(repo, given, target.with_name(f"{target.name}-gradescope.zip"), args.stage if not parts else None, parts)
    return _check(repo, given, target)


def _check(repo, given, target):
    found = handout.leaks(repo, given, target)
    for problem in found:
        console.say(f"  {problem}")
    if found:
        console.say(f"{len(found)} places show an answer: do not publish {target} before they are mended")
        return 1
    console.say("no line of an answer shows")
    return 0


def _classroom(given, repo):
    """The workflow; and work/ is no longer ignored, because there the student commits it."""
    workflow = handout_pages.CLASSROOM.format(number=given.stage.number, folder=given.stage.folder)
    ignored = (repo.root / ".gitignore").read_text(encoding="utf-8") if (repo.root / ".gitignore").is_file() else ""
    kept = "".join(l for l in ignored.splitlines(keepends=True) if l.strip() not in ("/work/", "work/"))
    return {".github/workflows/tasks.yml": Version(workflow.encode()), ".gitignore": Version(kept.encode())}


def _gradescope(repo, given, target, whole, parts):
    """The autograder: setup.sh and run_autograder at the top, and what grading needs of the repository."""
    if len(parts) > 1:
        raise CourseError("Gradescope's autograder grades a stage or one part of it: make one for each part")
    what = whole or parts[0]
    keep = (given.stage.folder + "/", "tools/course/", "tools/cmake/", "tools/windows-libs/")
    new = target.with_name(f".{target.name}.new")
    try:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "setup.sh", handout_pages.SETUP.format(what=what).encode(), True)
            _add(archive, "run_autograder", handout_pages.RUN.format(what=what).encode(), True)
            for path in repo.files():
                if path.startswith(keep) or path in ("course", "course.toml", "CMakeLists.txt", "CMakePresets.json"):
                    file = repo.root / path
                    _add(archive, f"course/{path}", file.read_bytes(), bool(file.stat().st_mode & 0o100))
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    console.say(f"{target}: for Gradescope (it holds the answers)")


def _add(archive, name, data, executable):
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(info, data)
