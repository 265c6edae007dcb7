"""`./course bench`: the course's servers measured beside others that do the same work."""

import os
import pathlib
import random
import sys

from . import (bench_book, bench_build, bench_compare, bench_goals, bench_machine, bench_plan, bench_report, bench_run, bench_session,
               bench_subjects, bench_table, console, doctor, lock, packages)
from .errors import CourseError, UsageError

HELP = "measure the servers beside hand-written epoll, Boost.Asio and libuv (Linux)"
EXAMPLES = """examples:
  ./course bench                        a quick look, 3 minutes of measuring (the same: --quick)
  ./course bench --full                 everything, an hour; writes notes/bench
  ./course bench list                   what there is to measure, with whom, and the goals
  ./course bench --only rate,cpu60k     only these measures
  ./course bench --only rate:07,rate:epoll      only these two in it; --only 07: one subject in every measure
  ./course bench --resume               goes on where a run was stopped
  ./course bench compare old/bench.json new/bench.json
  ./course bench compare HEAD~3 HEAD    both commits, built in worktrees below build/, measured in turn

Each figure is a median over interleaved rounds with its spread; ratios have a 95 % interval, and a goal of tools/bench/goals.toml is
met, not met, or not decidable at this noise. Written are bench.json, bench.csv and report.md / report.ko.md with pictures: for --full
into notes/bench, else into build/bench-runs/report (--out DIR: elsewhere). What is measured wants the machine for itself:
when it was not quiet, the first line says so. Ctrl-C ends all that was started and keeps what was measured."""

MOST_ROUNDS = 99


def add_arguments(parser):
    parser.add_argument("what", nargs="*", metavar="list | compare A B", help="what there is; or two results or commits side by side")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="3 minutes of measuring at most (default)")
    length.add_argument("--full", action="store_true", help="an hour at most")
    parser.add_argument("--only", action="append", default=[], metavar="WHAT,..", help="only these measures, subjects, or MEASURE:SUBJECT")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"at most so many rounds (default: {bench_plan.ROUNDS['quick']}; --full {bench_plan.ROUNDS['full']})")
    parser.add_argument("--out", metavar="DIR", help="the folder of results and report")
    parser.add_argument("--resume", action="store_true", help="go on with a stopped run")
    parser.add_argument("--seed", type=int, metavar="N", help="of the bootstrap's chance (default: another each time; it is printed)")


def run(repo, args):
    mode = "full" if args.full else "quick"
    only = [word.strip() for text in args.only for word in text.split(",") if word.strip()]
    rounds = bench_plan.ROUNDS[mode] if args.rounds is None else args.rounds
    if not 1 <= rounds <= MOST_ROUNDS:
        raise UsageError(f"--rounds {rounds}: from 1 to {MOST_ROUNDS}")
    what = args.what[0] if args.what else "measure"
    if what == "list" and len(args.what) == 1:
        return _list(repo)
    if what == "compare" and len(args.what) == 3:
        return _compare(repo, args, mode, rounds, only, *args.what[1:])
    if args.what:
        raise UsageError(f"bench {' '.join(args.what)}: it is bench, bench list, or bench compare A B")
    return _measure(repo, args, mode, rounds, only)


def _measure(repo, args, mode, rounds, only):
    goals = bench_goals.load(_goals_file(repo))
    items = bench_plan.items(mode, rounds, only)
    folder = _out(repo, args, repo.root / "notes" / "bench" if mode == "full" else _runs(repo) / "report")
    data = _run(repo, args, items, mode, rounds, only, "run.jsonl", lambda names: bench_build.everything(repo, names, args.again))
    table = bench_table.Table(data)
    judged = bench_report.verdicts(table, goals)
    bench_book.save(data, folder)
    bench_report.write(table, judged, folder)
    _noise(data)
    for line in bench_report.terminal(table, judged):
        console.say(line)
    console.say(f"goals: {bench_report.count(judged)}")
    _end(data, folder, "report.md")
    return 0


def _compare(repo, args, mode, rounds, only, first, second):
    files = [pathlib.Path(name) for name in (first, second)]
    if all(f.suffix == ".json" or f.is_file() for f in files):
        pair = bench_compare.load_pair(*files)
        for line in bench_compare.unlike(*pair):
            console.warn(f"not the same: {line}")
        return _say_comparison(pair)
    commits = [bench_compare.revision(repo, name) for name in (first, second)]
    for name, commit in zip((first, second), commits):
        if commit is None:
            raise UsageError(f"compare {name}: neither a result (a JSON file) nor a commit")
    if commits[0] == commits[1]:
        raise UsageError(f"compare: {first} and {second} are the same commit")
    items = bench_compare.items(mode, rounds, only, commits)
    folder = _out(repo, args, _runs(repo) / "compare")
    repos = {}
    data = _run(repo, args, items, mode, rounds, [*only, *commits], "compare.jsonl",
                lambda names: repos.update(bench_compare.build(repo, names, commits, args.again)), bench_compare.finder(repos))
    bench_book.save(data, folder)
    _noise(data)
    _say_comparison(bench_compare.split(data, *commits))
    _end(data, folder, "bench.json")
    return 0


def _say_comparison(pair):
    found = bench_compare.rows(*pair)
    console.say(console.table(found, ["measure", "case", "subject", "figure", "A", "B", "B / A (95 %)", "B is"]))
    console.say("B is " + ", ".join(f"{sum(r[-1] == w for r in found)} times {w}" if w != bench_compare.SAME else f"{sum(r[-1] == w for r in found)} times not to be told apart"
                                    for w in (bench_compare.BETTER, bench_compare.WORSE, bench_compare.SAME)))
    return 0


# -- the run itself ------------------------------------------------------------------------------


def _run(repo, args, items, mode, rounds, only, file, build, find=bench_subjects.find):
    """The JSON object of the result. Ctrl-C: of what there is, and it says so."""
    if not sys.platform.startswith("linux"):
        raise UsageError("bench measures on Linux only (it reads /proc, and the peers use epoll); list and compare A.json B.json work everywhere")
    machine, quiet = bench_machine.describe(repo.root), bench_machine.Quiet()
    head = {"mode": mode, "rounds": rounds, "only": only, "commit": machine["commit"]}
    _packages(repo, args, items)
    with lock.building(repo, args.again):  # held to the end: a build beside it would be measured, too
        book = bench_book.Book(_runs(repo) / file)
        if args.resume:
            book.resume(head)
        build(list(dict.fromkeys(i.subject for i in items)))
        if not args.resume:
            book.start({**head, "seed": random.randrange(1, 2**31) if args.seed is None else args.seed, "load": quiet.load})
        seed = book.head.get("seed", 1) if args.seed is None else args.seed
        machine["load"] = max(quiet.load, book.head.get("load", 0.0)) if args.resume else quiet.load
        runner = bench_run.Runner(repo, _runs(repo) / "logs")
        session = bench_session.Session(items, mode, book, runner.run, find=find)
        _say_plan(session, machine, seed)
        status, stopped = console.Status("bench"), True
        try:
            session.run(status)
            stopped = False
        except KeyboardInterrupt:
            console.say()
            console.say(f"stopped; what was measured is kept, and goes on with: {args.again if args.resume else args.again + ' --resume'}")
            raise
        finally:
            book.close()
            status.done(not stopped, f"{len(session.runs)} of {len(items)}")
    machine["steal"] = quiet.steal()
    if session.left_out:
        console.warn(f"no time was left for {len(session.left_out)} of {len(items)} runs (--only chooses)")
    return {"format": bench_book.FORMAT, "mode": mode, "rounds": rounds, "seed": seed, "threads": bench_run.threads(), "took": session.book.took,
            "machine": machine, "runs": session.runs, "left_out": session.left_out}


def _packages(repo, args, items):
    purposes = bench_build.purposes(repo, [i.subject for i in items])
    try:
        packages.ensure(purposes, args.yes)
    except CourseError as error:
        if packages.missing(purposes) != ["strace"]:
            raise
        console.warn(f"{error}; system calls are not counted")
        items[:] = [i for i in items if i.case.parameters.get("how") != "strace"]
        if not items:
            raise
    doctor.refuse_old(purposes)


def _say_plan(session, machine, seed):
    if bench_machine.noise(machine):
        console.say(bench_report.noise_line(machine, plain=True))
    console.say(f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, commit {machine['commit'] or 'unknown'}; seed {seed}")
    left = sum(i.estimate() for i in session.items if (i.key, 1) not in session.book.known)
    console.say(f"{len(session.items)} items, about {console.elapsed(min(left, session.budget))} of measuring; generator: {bench_run.threads()} threads, nothing is pinned")


def _noise(data):
    line = bench_report.noise_line(data["machine"], plain=True)
    if line:
        console.say(console.style(line, "yellow"))


def _end(data, folder, file):
    console.say(f"measured {console.elapsed(data['took'])}, bootstrap seed {data['seed']}; {os.path.relpath(folder / file)}, bench.csv beside it")


def _runs(repo):
    return repo.root / "build" / "bench-runs"


def _goals_file(repo):
    return repo.root / "tools" / "bench" / "goals.toml"


def _out(repo, args, default):
    if not args.out:
        return default
    folder = pathlib.Path(args.out).absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {args.out}: not a folder")
    if not folder.exists() and not folder.parent.is_dir():
        raise UsageError(f"--out {args.out}: its parent folder is not there")
    return folder


# -- list ----------------------------------------------------------------------------------------


def _list(repo):
    goals = bench_goals.load(_goals_file(repo))
    console.say(console.style("measures", "bold") + " (--only NAME)")
    for measure in bench_plan.MEASURES.values():
        console.say(f"  {measure.name:<10} {measure.title['en']}")
        for mode, cases in measure.cases.items():
            for case in cases:
                console.say(f"    {'--' + mode:<8} {case.name}: {' '.join(case.subjects)}")
    console.say(console.style("subjects", "bold") + " (--only NAME, --only MEASURE:NAME)")
    console.say(console.table([(s.name, s.text["en"]) for s in bench_subjects.SUBJECTS.values()]))
    console.say(console.style("goals", "bold") + " (tools/bench/goals.toml)")
    console.say(console.table([(g.id, f"{g.op} {g.limit:g}", g.text["en"]) for g in goals]))
    for mode, budget in bench_plan.BUDGET_S.items():
        items = bench_plan.items(mode, bench_plan.ROUNDS[mode])
        console.say(f"--{mode}: {len(items)} items in {bench_plan.ROUNDS[mode]} rounds, about {console.elapsed(bench_plan.estimate(items))} of measuring, {console.elapsed(budget)} at most")
    return 0
