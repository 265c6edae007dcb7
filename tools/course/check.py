"""`./course check`: holds the repository to course.toml and to its own rules."""

import contextlib
import time

from . import (card, check_code, check_lesson, check_museum, check_notes, check_portable, check_quotes, check_slides, check_stages, check_tasks,
               check_text, check_windows, console, lesson_cmake, museum, mutate_list)
from .errors import UsageError

HELP = "hold the stages, the notes and the code to the course's rules"
EXAMPLES = """examples:
  ./course check                  all quick checks
  ./course check stages tasks     only these
  ./course check tasks --emptied  builds each stage with switches and sees each task's tests fail (long)
  ./course check tasks --emptied --task 07b.2   only what this task's tests need; --task 07b: a part
  ./course check --museum 02      builds each exhibit of the bug museum and sees its tests fail (long); NN NAME: only that one
  ./course check --all            also the slow ones: every header alone, clang-tidy, the exhibits
  ./course check format --fix     mend formatting (also: readme, cards, quotes, museum, steps)
  ./course check --list           what each check looks at"""

# name -> (function(repo) -> (problems, notes), slow, needs which packages, what it looks at)
CHECKS = {
    "stages": (check_stages.differences, False, (), "neighbours differ only as course.toml declares"),
    "budget": (check_stages.budgets, False, (), "changed lines of each lesson stay within its budget"),
    "tests": (check_stages.carried_tests, False, (), "tests of a stage also run in the next, unless retired"),
    "tasks": (check_tasks.tasks, False, (), "regions, points, pages and exhibits of the tasks"),
    "museum": (check_museum.check, False, (), "patches, pages and index of the bug museum fit course.toml"),
    "mutants": (mutate_list.check, False, (), "every reason in tools/mutants still has its code"),
    "steps": (check_lesson.steps, False, (), "the steps of the lessons cover what they name, within their budget"),
    "groups": (check_lesson.groups, False, (), "every file is in a step or in exactly one group"),
    "parts": (check_lesson.parts, False, (), "no part of a long stage needs a later one"),
    "regions": (check_text.references, False, (), "regions quoted by the notes exist"),
    "quotes": (check_quotes.check, False, (), "the code that the notes quote is that of the files, without a task's answer"),
    "links": (check_text.links, False, (), "relative links in the pages lead somewhere"),
    "slides": (check_slides.slides, False, (), "each chapter's slides say the same in both languages, fit, and last one lecture"),
    "translations": (check_text.translations, False, (), "Korean and English pages come in pairs"),
    "chapters": (check_notes.chapters, False, (), "the notes' chapters have the same parts, figures and answers in both languages"),
    "concepts": (check_notes.concepts, False, (), "each concept of the source documents has a section of the notes"),
    "readme": (check_text.stage_table, False, (), "the tables of stages match course.toml"),
    "cards": (card.cards, False, (), "the steps in the lesson cards match course.toml"),
    "leftovers": (check_text.leftovers, False, (), "no unfinished marks, no conflict markers"),
    "waits": (check_text.waits, False, (), "nothing that loses wake-ups on Windows: std::barrier, latch, semaphore"),
    "portable": (check_portable.portable, False, (), "nothing that only GCC or POSIX knows where Windows compiles it"),
    "files": (check_text.files, False, (), "line ends, final newline, executable bits"),
    "format": (check_code.formatting, False, ("format",), "clang-format has nothing to change"),
    "headers": (check_code.headers, True, ("base",), "every header compiles alone"),
    "tidy": (check_code.tidy, True, ("tidy", "base"), "clang-tidy is content"),
    "exhibits": (museum.everything, True, ("base", "sanitizers", "run07"), "each exhibit of the museum makes its tests fail, in every run"),
    "windows-clang": (check_windows.clang, True, ("windows-clang", "base"),
                      "Clang for Windows compiles everything; the first stage's port tests run under Wine"),
}


FIXES = {"readme": check_text.write_stage_table, "cards": card.write_cards, "quotes": check_quotes.write, "museum": check_museum.write_index, "steps": lesson_cmake.write, "format": check_code.reformat}


def add_arguments(parser):
    parser.add_argument("names", nargs="*", metavar="check", help="only these checks (see --list); with --museum: a stage, and exhibits of it")
    parser.add_argument("--all", action="store_true", help="the slow checks too")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended: formatting, the tables of stages, the cards' steps, the notes' quotes, the museum's index, the build's list of what the steps read")
    parser.add_argument("--emptied", action="store_true",
                        help="tasks: see that the declared tests fail while the student's region is empty")
    parser.add_argument("--museum", action="store_true",
                        help="see that each exhibit of the bug museum makes its tests fail, in every run: of all stages, of one (NN), or one exhibit (NN NAME)")
    parser.add_argument("--stage", action="append", default=[], metavar="NN", help="with --emptied: only this stage")
    parser.add_argument("--task", action="append", default=[], metavar="NN.x", help="with --emptied: only this task (or part, e.g. 07b)")
    parser.add_argument("--list", action="store_true", help="list the checks and stop")


def run(repo, args):
    if args.list:
        rows = [(n, "slow" if c[1] else "", c[3]) for n, c in CHECKS.items()]
        console.say(console.table(rows))
        return 0
    if args.museum:
        return museum.run(repo, args)
    unknown = [n for n in args.names if n not in CHECKS]
    if unknown:
        raise UsageError(f"no check named '{unknown[0]}' (there are: {', '.join(CHECKS)})")
    if args.emptied:
        return _emptied(repo, args)
    if args.stage or args.task:
        raise UsageError("--stage and --task go with --emptied")
    names = args.names or [n for n, c in CHECKS.items() if args.all or not c[1]]
    purposes = sorted({p for n in names for p in CHECKS[n][2]})
    if purposes:
        from . import build, packages
        if "base" in purposes:  # it compiles: what the stages need
            config = "windows-clang" if "windows-clang" in purposes else build.native_config("release")
            purposes += packages.for_stages(config, repo.present())
        packages.ensure(sorted(set(purposes)), args.yes)
    if args.fix:
        for name in names:
            if name in FIXES:
                FIXES[name](repo)
    from . import lock
    builds = any(CHECKS[n][1] for n in names)  # the slow ones compile
    with lock.building(repo, args.again) if builds else contextlib.nullcontext():
        failed = [name for name in names if not run_one(repo, name)]
    if failed:
        console.say()
        console.say(f"failed: {', '.join(failed)}; again with: ./course check {' '.join(failed)}")
        return 1
    return 0


def _emptied(repo, args):
    from . import build, emptied, lock, packages
    if args.names not in ([], ["tasks"]):
        raise UsageError("--emptied belongs to: ./course check tasks --emptied")
    if args.stage and args.task:
        raise UsageError("--stage or --task, not both")
    chosen = emptied.chosen(repo, args.task) if args.task else {s: s.tasks for s in repo.select(args.stage)}
    stages = list(chosen)
    packages.ensure(packages.for_stages(build.native_config("release"), stages, run=True), args.yes)
    with lock.building(repo, args.again):
        problems, notes = emptied.check(repo, chosen, args.again)
    return 0 if report("tasks", problems, notes) else 1


def run_one(repo, name):
    """Runs one check and prints what it found; True when there is no problem."""
    start = time.monotonic()
    problems, notes = CHECKS[name][0](repo)
    return report(name, problems, notes, time.monotonic() - start)


def report(name, problems, notes, seconds=0.0):
    word = console.style("ok", "green") if not problems else console.style(f"{len(problems)} problems", "red")
    timing = f" ({console.elapsed(seconds)})" if seconds >= 1 else ""
    console.say(f"{name}: {word}{timing}")
    for problem in problems:
        console.say(f"  {problem}")
    for note in notes:
        console.say(console.style(f"  note: {note}", "dim"))
    return not problems
