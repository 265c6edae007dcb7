"""`./course test`: builds stages and runs their tests."""

import contextlib
import re
import sys

from . import build, check, conformance, console, ctest, lock, packages, wine
from .errors import CourseError, UsageError

HELP = "build and test stages"
EXAMPLES = """examples:
  ./course test                       every stage, release: what a newcomer runs
  ./course test 02 03                 only these stages
  ./course test 02 --tsan             unit and stress tests under ThreadSanitizer
  ./course test 01 --windows          the Windows programs under Wine; ends with the conformance table
  ./course test --all                 everything
  ./course test --all --without tidy  everything but one part
  ./course test 03 --filter ring      only tests whose name matches (a regular expression)

COURSE_STRESS=10 lengthens the stress tests, COURSE_SEED=N repeats a random test."""


# What `--all --without` can leave out.
PARTS = ("asan", "tsan", "windows", "windows-clang", "headers", "tidy", "alone")


def add_arguments(parser):
    parser.add_argument("stages", nargs="*", metavar="stage", help="stages, e.g. 02 (default: all)")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--all", action="store_true",
                       help="release, asan, tsan, Windows under Wine, every check")
    group.add_argument("--asan", action="store_true", help="AddressSanitizer + UndefinedBehaviorSanitizer")
    group.add_argument("--tsan", action="store_true", help="ThreadSanitizer")
    group.add_argument("--windows", action="store_true", help="cross build, tests under Wine")
    group.add_argument("--debug", action="store_true", help="the debug build")
    parser.add_argument("--without", action="append", default=[], choices=PARTS, metavar="PART",
                        help="with --all: leave a part out (" + ", ".join(PARTS) + "); may be repeated")
    parser.add_argument("--filter", metavar="REGEX", help="only tests whose name matches")
    parser.add_argument("--slow", action="store_true", help="also tests labelled slow")
    parser.add_argument("--list", action="store_true", help="build, list the tests and stop")


def run(repo, args):
    if args.without and not args.all:
        raise UsageError("--without goes with --all")
    stages = repo.select(args.stages)
    if not stages:
        raise CourseError("no stage is here yet")
    pattern = _compile(args.filter)
    configs = _configs(args)
    packages.ensure(_purposes(args, configs, stages), args.yes)
    with lock.building(repo, args.again):
        return _build_and_test(repo, args, stages, configs, pattern)


def _build_and_test(repo, args, stages, configs, pattern):
    again, timings = args.again, []
    for config in configs:
        seconds, cpu = build.build(repo, config, stages, again, _targets(args, config, stages))
        timings.append((f"build {config}", console.elapsed(seconds), f"CPU {console.elapsed(cpu)}"))
    tests = collect(repo, stages, configs, args)
    if pattern:
        tests = [t for t in tests if pattern.search(t.name)]
    if not tests:
        raise UsageError(f"no test matches --filter {args.filter}" if args.filter else "there are no tests")
    if args.list:
        console.say(console.table([(t.name, " ".join(t.labels)) for t in tests]))
        return 0
    if len(configs) > 1:
        console.say(console.table(timings))
    with_wine = "windows" in configs or args.all and "windows-clang" not in args.without
    with wine.session(repo, again) if with_wine else contextlib.nullcontext():
        # Many tests wait more than they work: with checks beside them one more keeps the cores busy.
        code = ctest.run(repo, tests, again, lambda name: _alone_again(args, name), build.jobs() + (1 if args.all else 0))
    if args.windows and not args.filter:
        _, text = conformance.table(repo, stages[0])
        if text:
            console.say()
            console.say(text.rstrip())
    return code


def _targets(args, config, stages):
    """What to build; empty: everything but the benchmarks."""
    if config in ("asan", "tsan"):
        return ["course_sanitized"]  # unit and stress tests, without the programs
    if args.windows and config == "release":
        return [f"stage{s.number}_unit_conformance" for s in stages]  # the Linux column of the table
    return ["all", "course_benches"] if args.all else []


def _compile(text):
    try:
        return re.compile(text) if text else None
    except re.error as e:
        raise UsageError(f"--filter: {e}") from None


def _configs(args):
    if args.all:
        return [c for c in ("release", "asan", "tsan", "windows") if c not in args.without]
    if args.windows:
        return ["release", "windows"]  # release: the Linux column of the conformance table
    chosen = [c for c in ("asan", "tsan", "debug") if getattr(args, c)]
    return chosen or [build.native_config("release")]


def _purposes(args, configs, stages):
    needed = []
    for config in configs:
        needed += packages.for_stages(config, stages, run=config != "windows",
                                      outside=config == "release" and (args.all or args.slow))
    if args.all:
        if "windows-clang" not in args.without:
            needed += packages.for_stages("windows-clang", stages)
        needed += [n for n in ("git", "format", "tidy", "fuzz") if n not in args.without]
    return sorted(set(needed))


def _alone_again(args, name):
    """The command for one test of this run: its own --filter instead of the one that was given."""
    words = ["test", *args.stages]
    for flag in ("all", "asan", "tsan", "windows", "debug", "slow"):
        if getattr(args, flag):
            words.append("--" + flag)
    words += [word for part in args.without for word in ("--without", part)]
    if args.yes:
        words.append("--yes")
    return console.command([*words, "--filter", f"^{re.escape(name)}$"])


def collect(repo, stages, configs, args):
    """The tests of this run, in CTest's terms."""
    numbers = {s.number for s in stages}
    tests = []
    for config in configs:
        found = [t for t in ctest.read_tree(repo, config) if t.stage in numbers and _wanted(t, config, args)]
        for test in found:
            if not test.command:
                raise CourseError(f"build/{config}: the test {test.name} was not built")
        tests += found
    # Folders built alone run all of theirs; without those, release does.
    rerun = [t for t in tests if args.all and "alone" in args.without and t.config == "release"]
    once, dropped = ctest.run_once([t for t in tests if t not in rerun])
    if dropped:
        console.say(f"{len(dropped)} tests are byte for byte those of an earlier stage and run there only"
                    + (" (sanitizers and Wine; release runs all)" if rerun else
                       " (the folders built alone run all)" if args.all else "") + ": build/logs/run-once.log")
        text = "".join(f"{test.name} = {earlier.name}\n" for test, earlier in dropped)
        build.log_file(repo, "run-once").write_text(text, encoding="utf-8")
    tests = rerun + once
    if args.all:
        tests += _checks(repo, args.without)
        if "alone" not in args.without:
            tests += _alone(repo, stages)
        if "windows" not in args.without:  # the table needs both columns
            tests += _conformance_test(repo, stages[0], tests)
    return tests


def _wanted(test, config, args):
    labels = test.labels
    if args.windows and config == "release":
        return "conformance" in labels
    if "slow" in labels and not args.slow and not (args.all and config == "release"):
        return False
    if config in ("asan", "tsan"):
        return ("unit" in labels or "stress" in labels) and "slow" not in labels
    if config in ("windows", "msvc"):
        return "linux-only" not in labels
    return True


def _checks(repo, without):
    """The checks and the course command's own tests, as tests of the same run."""
    command = [sys.executable, "-m", "course", "check"]
    environment = [f"PYTHONPATH={repo.root / 'tools'}", "PYTHONDONTWRITEBYTECODE=1", "CI=true"]
    common = {"WORKING_DIRECTORY": str(repo.root), "TIMEOUT": 1800}
    tests = [ctest.Test(f"check.{name}", command + [name],
                        dict(common, ENVIRONMENT=environment, LABELS=["check"],
                             **({"PROCESSORS": 2, "COST": 1000} if entry[1] else {})))
             for name, entry in check.CHECKS.items() if name not in without]
    for file in sorted((repo.root / "tools" / "tests").glob("test_*.py")):
        tests.append(ctest.Test(f"tools.{file.stem[5:]}", [sys.executable, str(file)],
                                dict(common, ENVIRONMENT=environment, LABELS=["tools"])))
    return tests


def _alone(repo, stages):
    """Each stage folder, copied elsewhere, builds and passes."""
    return [ctest.Test(f"alone.stage{s.number}", [sys.executable, "-m", "course.alone", s.number],
                       {"WORKING_DIRECTORY": str(repo.root), "TIMEOUT": 1800, "COST": 900,
                        "LABELS": ["alone"],
                        "ENVIRONMENT": [f"PYTHONPATH={repo.root / 'tools'}", "PYTHONDONTWRITEBYTECODE=1"]})
            for s in stages]


def _conformance_test(repo, stage, tests):
    """The conformance table as a test of its own, behind those that give its columns."""
    sources = [t.name for t in tests if "conformance" in t.labels and t.stage == stage.number
               and t.config in ("release", "windows")]
    if not sources or not (stage.path / "tests" / "conformance_table.py").is_file():
        return []
    command = [sys.executable, "-m", "course.conformance", stage.number, "--out",
               str(repo.root / "build" / "results" / "conformance.txt")]
    return [ctest.Test("conformance.table", command,
                       {"DEPENDS": sources, "WORKING_DIRECTORY": str(repo.root), "LABELS": ["conformance-table"],
                        "ENVIRONMENT": [f"PYTHONPATH={repo.root / 'tools'}", "PYTHONDONTWRITEBYTECODE=1"]})]
