"""Reads the command line and hands over to the module of the command."""

import signal

if __name__ == "__main__":  # until main() takes it, Ctrl-C ends us without a word: the modules are still being read
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import errno
import importlib
import sys

from . import console, language, place, process, text
from .errors import CourseError, FAILED, USAGE, UsageError
from .model import Repo, find_root

COMMANDS = {
    "run": "course.run_command",
    "trace": "course.trace_command",
    "test": "course.test_command",
    "build": "course.build_command",
    "diff": "course.diff_command",
    "read": "course.read_command",
    "site": "course.site.command",
    "slides": "course.site.slides_command",
    "check": "course.check",
    "carry": "course.carry",
    "grade": "course.grade_command",
    "handout": "course.handout_command",
    "mutate": "course.mutate_command",
    "bench": "course.bench_command",
    "doctor": "course.doctor",
    # a student's
    "start": "course.start_command",
    "task": "course.task_command",
    "hint": "course.hint_command",
    "watch": "course.watch_command",
    "solution": "course.solution_command",
    "next": "course.next_command",
    "status": "course.status_command",
    "reset": "course.reset_command",
    "submit": "course.submit_command",
}

EPILOG = """examples:
  ./course run                 the newest stage's server with its clients, and what to look at
  ./course test                builds and tests every stage (a newcomer's way)
  ./course test 02 --tsan      stage 02 under ThreadSanitizer
  ./course read 03             stage 03 step by step, in reading order
  ./course diff 02 03          the lesson of stage 03 as a difference
  ./course start 03            a folder of your own for the tasks of stage 03; then: task, watch, hint

Exit codes: 0 ok, 1 failed, 2 wrong use, 130 stopped by Ctrl-C; ./course run STAGE PROGRAM: the program's own.
Every command explains itself with --help."""


class Parser(argparse.ArgumentParser):
    """argparse with the course's one-line errors."""

    def error(self, message):
        hint = "; a program's own options go last, after --" if sys.argv[1:2] in (["run"], ["trace"]) else ""
        raise UsageError(f"{message} (see {self.prog} --help{hint})")


def build_parser():
    parser = Parser(prog="./course", description="The one command of the course.", epilog=EPILOG,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="command", parser_class=Parser)
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(module_name)
        about, examples = language.of(module, "HELP"), language.of(module, "EXAMPLES")
        sub = commands.add_parser(name, help=about, description=about, epilog=examples,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
        sub.add_argument("--yes", action="store_true", help="install missing packages without asking")
        module.add_arguments(sub)
        sub.set_defaults(module=module)
    return parser


def _take_signals():
    """Ctrl-C, a closed terminal and kill all stop the children in order, also when started in the background."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), process.on_signal)


def _parse(parser, argv):
    """What is behind -- belongs to the program that is run, wherever our own options stand (argparse wants them in front)."""
    if not argv or argv[0] not in ("run", "trace") or "--" not in argv:
        return parser.parse_args(argv)
    at = argv.index("--")
    args = parser.parse_args(argv[:at])
    args.arguments = [*args.arguments, *argv[at + 1:]]
    return args


def main(argv=None):
    text.prepare_output()
    try:
        _take_signals()
        argv = sys.argv[1:] if argv is None else argv
        language.prepare(argv)
        parser = build_parser()
        args = _parse(parser, argv)
        # What a failure tells the user to repeat: this very command, every option included.
        args.again = console.command(argv)
        if not args.command:
            parser.print_help()
            return USAGE
        root = find_root()
        if args.command in ("run", "trace", "test", "build", "check", "grade", "watch", "mutate", "bench"):  # those that build
            place.check(root)
        return args.module.run(Repo(root), args)
    except CourseError as e:
        console.error(str(e))
        return e.code
    except KeyboardInterrupt:
        process.stop_all()
        console.error("stopped")
        return 130
    except BrokenPipeError:
        return FAILED
    except OSError as e:
        if e.errno == errno.ENOSPC:
            console.error(process.DISK_FULL)
            return FAILED
        console.error(f"{e.strerror or e}: {e.filename}" if e.filename else str(e))
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
