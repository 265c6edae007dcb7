"""`./course grade`: points for a submission, or for a whole class."""

import contextlib
import os
import pathlib
import sys

from . import box, console, doctor, grade_class, grade_report, grade_tree, grading, lock, packages, submission
from .errors import CourseError, UsageError

HELP = "points for a submission, or for a class of them"
EXAMPLES = """examples:
  ./course grade 03                                   your own work folder, work/03_...
  ./course grade 03 --from kim.zip                    what ./course submit made, a work folder, or a folder with the task files
  ./course grade 07b                                  one part of stage 07: its 100 points
  ./course grade 03 --all submissions/ --jobs 2       a class: each entry of the folder is a submission
  ./course grade 03 --from kim.zip --format gradescope --out results.json

How points are given: a task whose declared tests all pass has its points, any other has 0. Of a submission only the student
regions are taken; they are put into the grader's own copy of the stage, and everything else (tests, build files, other code)
is the course's. A region that does not compile, or that uses what no task needs (exit, fopen, asm, ...), costs its own task;
the others are graded with the course's text of it. A task that fails beside others that fail is tried once more without them.

--hidden DIR: more tests, GoogleTest files named like 03.5_more.cc; they see the stage's headers and libraries, and count for
that task like the declared ones. A class (--all) continues where it was stopped."""


def add_arguments(parser):
    parser.add_argument("stage", help="the stage (or a part of it, where its tasks belong to parts), e.g. 03")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--from", dest="source", metavar="SUBMISSION", help="a folder or a zip (default: work/NN_name)")
    what.add_argument("--all", dest="folder", metavar="DIR", help="each folder and zip in DIR is a submission")
    parser.add_argument("--hidden", metavar="DIR", help="the teacher's own tests: NN.x_NAME.cc")
    parser.add_argument("--seed", type=int, help="COURSE_SEED of the random tests")
    parser.add_argument("--format", choices=grade_report.FORMATS, default="text", help="default: text")
    parser.add_argument("--out", metavar="PATH", help="where the report goes (with --all: a folder for the reports)")
    parser.add_argument("--jobs", type=int, help="submissions at the same time, with --all (default: one per core)")
    parser.add_argument("--prepare", action="store_true", help="only build the grader's copy of the stage, so that grading is quick later")
    parser.add_argument("--again", dest="anew", action="store_true", help="with --all: also those that have a report already")


def run(repo, args):
    if os.name == "nt":
        raise UsageError("grading runs on Linux only (limits and walls are Linux'); submissions from Windows are as good as others")
    stage, tasks = chosen(repo, args.stage)
    if repo.data.get("course", {}).get("handout"):
        raise UsageError(f"this is a hand-out: the course's own code of stage {stage.number} is not here to grade by; to try your tasks: "
                         f"./course watch {stage.number}")
    if (args.jobs is not None or args.anew) and not args.folder:
        raise UsageError("--jobs and --again go with --all")
    hidden = grade_tree.hidden_tests(args.hidden, tasks)
    purposes = packages.for_stages("release", [stage], run=True)
    packages.ensure(purposes, args.yes)
    doctor.refuse_old(purposes)
    args.output = sys.stdout
    with _other_output(args), lock.building(repo, args.again):
        if not box.bubblewrap():
            console.warn(box.WITHOUT)
        if hasattr(os, "getuid") and os.getuid() == 0:
            console.warn(box.AS_ROOT)
        if args.prepare:
            _slot(repo, stage, tasks, hidden, args)
            return 0
        if args.folder:
            return grade_class.run(repo, stage, tasks, hidden, args)
        return _one(repo, stage, tasks, hidden, args)


def _other_output(args):
    """The report alone on standard output: what is told beside it goes to standard error."""
    report_is_output = not args.folder and not args.out and args.format != "text"
    return contextlib.redirect_stdout(sys.stderr) if report_is_output else contextlib.nullcontext()


def chosen(repo, name):
    """(stage, tasks) of "03" or "07b"."""
    stage = repo.find_part(name)
    if not stage.tasks:
        raise UsageError(f"stage {stage.number} has no tasks to grade")
    return stage, stage.tasks


def _slot(repo, stage, tasks, hidden, args, shut=()):
    slot = grade_tree.Slot(repo, stage, tasks, 0, hidden, args.seed, shut)
    slot.prepare(f"stage {stage.number}: the grader's copy")
    slot.learn()
    return slot


def _one(repo, stage, tasks, hidden, args):
    path = pathlib.Path(args.source) if args.source else repo.root / "work" / stage.folder
    if not path.exists():
        how = "" if args.source else f"; ./course start {stage.number} makes it, --from names another"
        raise CourseError(f"{path}: no submission is there{how}")
    handed_in = submission.read(path, stage, tasks)
    slot = _slot(repo, stage, tasks, hidden, args, shut=[path.resolve()] if path.is_dir() else ())
    status = console.Status(f"grading {handed_in.name}")
    try:
        graded = grading.grade(slot, handed_in, status.update)
    finally:
        slot.place({})
    status.done(note=f"{graded.cpu:.0f} s of processor time")
    text = grade_report.render(args.format, stage, graded)
    if args.out:
        pathlib.Path(args.out).write_text(text, encoding="utf-8", errors="replace")
        console.say(grade_report.headline(stage, graded))
        console.say(f"report: {args.out}")
    else:
        args.output.write(text)
        args.output.flush()
    return 0
