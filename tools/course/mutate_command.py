"""`./course mutate`: do the tests notice when the code of a stage is changed a little?"""

import contextlib
import os
import pathlib
import re
import sys

from . import build, console, doctor, lock, mutate_list, mutate_points, mutate_report, mutate_run, packages
from .errors import UsageError

HELP = "small changes in a stage's code that its tests have to notice (for who writes tests)"
EXAMPLES = """examples:
  ./course mutate 04                        every mutant of the files that the steps of stage 04 read
  ./course mutate 04 --list                 only says which there are
  ./course mutate 04 --resume               goes on where it was stopped (results: build/mutate/04.json)
  ./course mutate 04 --sample 40 --seed 7   40 of them
  ./course mutate 04 --file send_queue.h --operator comparison,off-by-one
  ./course mutate 04 --with tsan            also memory orders, and locks once more, under ThreadSanitizer
  ./course mutate 04 --id src/net/send_queue.h:70:comparison:1      one: its change, its tests, what they say

Operators: """ + "\n           ".join(f"{name:<11} {about}" for name, about in mutate_points.OPERATORS.items()) + """

All mutants of a file are compiled at once, each behind a switch. A mutant is tried by the tests that course.toml names for the
steps and tasks of its file, then by the other unit tests with the file in them, as far as they reach it; the first failure, crash
or hang (4 s and 5 times what the test takes without) kills it. One that changes nothing that a test could see is written
down in tools/mutants/NN.toml with its reason, and does not count. Exit code 1: fewer killed than --goal percent."""


def add_arguments(parser):
    parser.add_argument("stage", help="the stage, or a part of it, e.g. 04 or 07b")
    parser.add_argument("--file", action="append", default=[], metavar="FILE", help="only in this file (its name, its path or a glob)")
    parser.add_argument("--operator", default="", metavar="A,B", help=f"only these: {', '.join(mutate_points.OPERATORS)}")
    parser.add_argument("--id", metavar="ID", help="only this one, with all that is said")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, by chance")
    parser.add_argument("--seed", type=int, default=1, help="of the chance (default: 1)")
    parser.add_argument("--with", dest="sanitizer", choices=["tsan"], help="tsan: memory orders and locks under ThreadSanitizer, too")
    parser.add_argument("--list", action="store_true", help="list them; nothing is built")
    parser.add_argument("--resume", action="store_true", help="keep what is known: only what is open is tried, and survivors whose stage has changed")
    parser.add_argument("--goal", type=float, default=90.0, metavar="PERCENT", help="default: 90")
    parser.add_argument("-j", "--jobs", type=int, help="mutants at the same time (default: one per core)")
    parser.add_argument("--format", choices=mutate_report.FORMATS, default="text", help="default: text")
    parser.add_argument("--out", metavar="FILE", help="where the report goes")


def run(repo, args):
    stage, part = _stage(repo, args.stage)
    if repo.data.get("course", {}).get("handout"):
        raise UsageError("this is a hand-out: the course's own code, which could be changed, is not all here")
    _check(args)
    every = mutate_list.of_stage(stage)
    for problem in mutate_list.mark_equivalent(repo, stage, every):
        console.warn(problem)
    inside = mutate_list.of_stage(stage, part) if part else every
    ids = {m.id for m in inside}
    wanted = mutate_list.choose([m for m in every if m.id in ids], args)
    if args.list:
        _write(args, mutate_report.listing(args.format, wanted))
        return 0
    if os.name == "nt":
        raise UsageError("mutants are tried on Linux only (the switches use its mapped files); --list works everywhere")
    purposes = packages.for_stages("release", [stage], run=True) + (["sanitizers"] if args.sanitizer else [])
    packages.ensure(purposes, args.yes)
    doctor.refuse_old(purposes)
    with _progress(args), lock.building(repo, args.again):
        return _try(repo, stage, every, wanted, args)


def _stage(repo, name):
    match = re.fullmatch(r"(0?\d)([a-z])", name)
    if not match:
        return repo.find(name), ""
    stage = repo.find(match.group(1))
    part = stage.number + match.group(2)
    parts = [p["id"] for p in stage.data.get("part", []) if isinstance(p, dict) and "id" in p]
    if part not in parts:
        raise UsageError(f"stage {stage.number} has no part {part} (there are: {', '.join(parts) or 'none'})")
    return stage, part


def _check(args):
    args.operator = [o.strip() for o in args.operator.split(",") if o.strip()]
    for name, least in (("sample", 1), ("jobs", 1)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} {value}: at least {least}")
    if not 0 <= args.goal <= 100:
        raise UsageError(f"--goal {args.goal:g}: from 0 to 100")
    if args.id and (args.file or args.operator or args.sample is not None):
        raise UsageError("--id names one mutant: --file, --operator and --sample do not go with it")
    if args.out and not pathlib.Path(args.out).absolute().parent.is_dir():
        raise UsageError(f"--out {args.out}: the folder is not there")
    args.output = sys.stdout


def _progress(args):
    """The report alone on standard output: what is told beside it goes to standard error."""
    return contextlib.redirect_stdout(sys.stderr) if args.format != "text" and not args.out else contextlib.nullcontext()


def _write(args, text):
    if args.out:
        pathlib.Path(args.out).write_text(text, encoding="utf-8", errors="replace")
    else:
        args.output.write(text)
        args.output.flush()


def _try(repo, stage, every, wanted, args):
    book = mutate_run.Book(mutate_run.results_file(repo, stage), every, mutate_run.digest(stage))
    book.start(wanted, args.resume)
    if args.id:
        for line in wanted[0].diff().splitlines():
            console.say(line)
        if wanted[0].why:
            console.say(f"known to change nothing: {wanted[0].why}")
    configs = ["release", *([args.sanitizer] if args.sanitizer else [])]
    cpu, unfit = build.children_cpu(), {}
    try:
        for config in configs:
            mine = [m for m in wanted if config == "release" or m.operator in ("order", "lock")]
            one = mutate_run.Run(repo, stage, every, mine, book, args.jobs or build.jobs(), config, console.say if args.id else None)
            one.run()
            unfit.update(one.unfit)
    except KeyboardInterrupt:
        console.say()
        console.say(f"stopped; what is known is kept: ./course mutate {args.stage} --resume goes on")
        _tell(stage, wanted, book, args, build.children_cpu() - cpu, unfit)
        raise
    report = _tell(stage, wanted, book, args, build.children_cpu() - cpu, unfit)
    percent = report.percent()
    return 1 if percent is not None and percent < args.goal else 0


def _tell(stage, wanted, book, args, cpu, unfit):
    report = mutate_report.Report(stage, wanted, book, cpu, unfit)
    _write(args, mutate_report.render(args.format, report))
    if args.out:
        console.say(report.headline())
        console.say(f"report: {args.out}")
    return report
