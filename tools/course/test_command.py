"""`./course test`: builds stages and runs their tests."""

import contextlib
import re
import sys

from . import build, check, closure, conformance, console, ctest, doctor, lock, mine, packages, wine
from .errors import CourseError, UsageError

HELP = "build and test stages"
EXAMPLES = """examples:
  ./course test                       every stage, release: what a newcomer runs
  ./course test 02 03                 only these stages
  ./course test 02 --tsan             unit and stress tests under ThreadSanitizer
  ./course test 01 --windows          the Windows programs under Wine; ends with the conformance table
  ./course test --mine 03             your copy, work/03_... (inside of it: ../../course test)
  ./course test --all                 everything
  ./course test --ci                  what .ci/run does: everything that fits into its time
  ./course test --all --without tidy  everything but one part
  ./course test 03 --filter ring      only tests whose name matches (a regular expression)

COURSE_STRESS=10 lengthens the stress tests, COURSE_SEED=N repeats a random test."""


# What `--all --without` can leave out.
PARTS = {
    "asan": "AddressSanitizer and UndefinedBehaviorSanitizer",
    "tsan": "ThreadSanitizer",
    "windows": "the Windows programs under Wine",
    "windows-rest": "the Windows programs of the stages other than 01, 04 and 07",
    "windows-clang": "Clang as a second compiler for Windows",
    "headers": "headers compiled by themselves",
    "tidy": "clang-tidy over everything",
    "exhibits": "each exhibit of the bug museum, built and seen to fail",
    "alone": "each folder copied elsewhere, built and tested alone",
    "site": "the course's site, built and looked at by Chromium",
    "bench": "the bench's peers and its load generator, built and run for a moment",
    "session": "the notes' first session, done again from start to grade",
}
# What `--ci` leaves out for its time.
NOT_IN_CI = ("windows-rest", "windows-clang", "tidy", "exhibits", "alone", "site", "bench", "session")


def add_arguments(parser):
    parser.add_argument("stages", nargs="*", metavar="stage", help="stages, e.g. 02 (default: all)")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--all", action="store_true",
                       help="release, asan, tsan, Windows under Wine, every check")
    group.add_argument("--ci", action="store_true", help="--all without " + ", ".join(NOT_IN_CI))
    group.add_argument("--asan", action="store_true", help="AddressSanitizer + UndefinedBehaviorSanitizer")
    group.add_argument("--tsan", action="store_true", help="ThreadSanitizer")
    group.add_argument("--windows", action="store_true", help="cross build, tests under Wine")
    group.add_argument("--debug", action="store_true", help="the debug build")
    parser.add_argument("--without", action="append", default=[], choices=PARTS, metavar="PART",
                        help="with --all or --ci: leave a part out (" + ", ".join(PARTS) + "); may be repeated")
    mine.add_argument(parser)
    parser.add_argument("--filter", metavar="REGEX", help="only tests whose name matches")
    parser.add_argument("--slow", action="store_true", help="also tests labelled slow")
    parser.add_argument("--list", action="store_true", help="build, list the tests and stop")


def run(repo, args):
    if args.ci:
        args.all = True
        args.without += [part for part in NOT_IN_CI if part not in args.without]
    if args.without and not args.all:
        raise UsageError("--without goes with --all or --ci")
    if not args.all and not args.windows:
        args.stages = mine.choose(repo, args, args.stages)
    elif args.mine:
        raise UsageError("--mine goes with neither --all, --ci nor --windows")
    stages = repo.select(args.stages)
    if not stages:
        raise CourseError("no stage is here yet")
    pattern = _compile(args.filter)
    configs = _configs(args)
    purposes = _purposes(args, configs, stages)
    packages.ensure(purposes, args.yes)
    doctor.refuse_old(purposes)
    with lock.building(repo, args.again):
        return _build_and_test(repo, args, stages, configs, pattern)


def _build_and_test(repo, args, stages, configs, pattern):
    again, timings, repeats = args.again, [], {}
    for config in configs:
        build.prepare(repo, config, _stages_of(config, stages, args), again, strict=args.all)
        targets, repeats[config] = _targets(repo, args, config, stages, pattern)
        if targets is None:  # none of its tests was asked for
            continue
        seconds, cpu = build.make(repo, config, again, targets)
        timings.append((f"build {config}", console.elapsed(seconds), f"CPU {console.elapsed(cpu)}"))
    tests = collect(repo, stages, configs, args, pattern, repeats)
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
        code = ctest.run(repo, tests, again, lambda name: _alone_again(args, name), build.jobs() + (1 if args.all else 0),
                         strict=args.all)
    if args.without:
        console.say()
        console.say("left out of --all here:")
        console.say(console.table([(part, PARTS[part]) for part in PARTS if part in args.without]))
    if args.windows and not args.filter:
        _, text = conformance.table(repo, stages[0])
        if text:
            console.say()
            console.say(text.rstrip())
    return code


def _stages_of(config, stages, args):
    """The stages that are built in this configuration."""
    if config == "windows" and "windows-rest" in args.without:
        return [s for s in stages if s.number in ("01", "04", "07")] or stages
    return stages


def _targets(repo, args, config, stages, pattern):
    """(What to build; None: nothing, {what is not built: the target of an earlier stage that is the same})."""
    numbers = {s.number for s in stages}
    tests = [t for t in ctest.read_tree(repo, config) if t.stage in numbers and _wanted(t, config, args)
             and not (pattern and not pattern.search(t.name))]
    if args.windows and config == "release":
        return sorted(closure.target_of(t.tree_name) for t in tests) or None, {}  # the Linux column of the table
    model = closure.Model(repo, config)
    repeats = closure.repeats(model, tests)
    benches = model.members("course_benches")
    if config in ("asan", "tsan"):
        wanted = model.members("course_sanitized")  # unit and stress tests, without the programs
    else:
        wanted = {name for name in model.stage_targets() if args.all or name not in benches}
    if pattern:
        matching = {closure.target_of(t.tree_name) for t in tests}
        if not matching:
            return None, {}
        if matching <= wanted:  # else a test that is no target of its own, and may need any of them
            wanted = matching
    return sorted(wanted - set(repeats)), repeats


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
        needed += packages.for_stages(config, _stages_of(config, stages, args), run=config != "windows",
                                      outside=config == "release" and (args.all or args.slow))
    if args.all:
        if "windows-clang" not in args.without:
            needed += packages.for_stages("windows-clang", stages)
        needed += [n for n in ("git", "format", "tidy", "fuzz", "tools", "site", "bench") if n not in args.without]
    return sorted(set(needed))


def _alone_again(args, name):
    """The command for one test of this run: its own --filter instead of the one that was given."""
    words = ["test", *args.stages]
    for flag in ("ci" if args.ci else "all", "asan", "tsan", "windows", "debug", "slow"):
        if getattr(args, flag):
            words.append("--" + flag)
    words += ["--mine"] * args.mine
    words += [word for part in args.without if not (args.ci and part in NOT_IN_CI) for word in ("--without", part)]
    if args.yes:
        words.append("--yes")
    return console.command([*words, "--filter", f"^{re.escape(name)}$"])


def collect(repo, stages, configs, args, pattern, repeats):
    """The tests of this run, in CTest's terms."""
    numbers = {s.number for s in stages}
    tests, dropped = [], []
    for config in configs:
        for test in ctest.read_tree(repo, config):
            if test.stage not in numbers or not _wanted(test, config, args) or pattern and not pattern.search(test.name):
                continue
            earlier = repeats[config].get(closure.target_of(test.tree_name))
            if earlier:
                dropped.append((test.name, earlier))
                continue
            if not test.command:
                raise CourseError(f"build/{config}: the test {test.name} was not built")
            tests.append(test)
    if not pattern:
        tests, same = ctest.run_once(tests)
        dropped += [(test.name, earlier.name) for test, earlier in same]
    if dropped:
        console.say(f"{len(dropped)} tests are those of an earlier stage, unchanged, and run there only"
                    + (" (the folders built alone run all)" if args.all and "alone" not in args.without else "")
                    + ": build/logs/run-once.log")
        text = "".join(f"{name} = {earlier}\n" for name, earlier in dropped)
        build.log_file(repo, "run-once").write_text(text, encoding="utf-8")
    if args.all:
        more = _checks(repo, args.without)
        if "alone" not in args.without:
            more += _alone(repo, stages)
        if "windows" not in args.without:  # the table needs both columns
            more += _conformance_test(repo, stages[0], tests)
        tests += [t for t in more if not pattern or pattern.search(t.name)]
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
                        dict(common, ENVIRONMENT=environment, LABELS=["check"], **({"TIMEOUT": 7200} if name == "exhibits" else {}),
                             **({"PROCESSORS": 2, "COST": 1000} if entry[1] else {})))
             for name, entry in check.CHECKS.items() if name not in without]
    parts = {"test_bench_peers": "bench", "test_first_session": "session"}
    for file in sorted((repo.root / "tools" / "tests").glob("test_*.py")):
        if ("site" if file.stem.endswith("_browser") else parts.get(file.stem)) in without:
            continue
        tests.append(ctest.Test(f"tools.{file.stem[5:]}", [sys.executable, str(file), "-v"],
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
    if not (stage.path / "tests" / "iocp" / "conformance_table.py").is_file():
        return []
    command = [sys.executable, "-m", "course.conformance", stage.number, "--out",
               str(repo.root / "build" / "results" / "conformance.txt")]
    return [ctest.Test("conformance.table", command,
                       {"DEPENDS": sources, "WORKING_DIRECTORY": str(repo.root), "LABELS": ["conformance-table"],
                        "ENVIRONMENT": [f"PYTHONPATH={repo.root / 'tools'}", "PYTHONDONTWRITEBYTECODE=1"]})]
