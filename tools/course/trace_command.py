"""`./course trace [stage] [program]`: runs a program with the port's trace and shows in a browser what moved."""

import os
import pathlib
import shutil
import subprocess

from . import build, console, doctor, language, lock, mine, packages, run_command, trace_file, trace_page, trace_runs
from .errors import CourseError, UsageError

HELP = "run a program with the port's trace and watch the five structures in a browser"
HELP_KO = "프로그램을 포트의 트레이스와 함께 돌리고, 다섯 구조를 브라우저에서 본다"
EXAMPLES = """examples:
  ./course trace 01 port_tour -- --auto      the tour; the page opens when it is over
  ./course trace 04 move_server              a server until Ctrl-C; meanwhile: ./course run 04 move_client
  ./course trace 04 move_server --for 10s    or for so long
  ./course trace --mine 01 overlapped_echo   your copy, work/01_...
  ./course trace --recorded                  the recorded runs; with a name: watch that one
  ./course trace 01 port_tour --no-open --out tour.html -- --auto     only write the page

The page needs no network and no other file. It opens where there is a display; its path is printed in any case."""

_MOST_BYTES = 512 << 20  # of the file that the port writes


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", help="a stage, e.g. 01")
    parser.add_argument("program", nargs="?", help="a program of the stage")
    parser.add_argument("arguments", nargs="*", help="options for the program (after --)")
    mine.add_argument(parser)
    parser.add_argument("--for", dest="seconds", metavar="TIME", help="end the program after this time, e.g. 20s or 2m")
    parser.add_argument("--out", metavar="FILE", help="where the page goes (default: build/trace/STAGE-PROGRAM.html)")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--events", type=int, default=trace_file.MOST_EVENTS, metavar="N",
                        help=f"how many events the page takes at most (default {trace_file.MOST_EVENTS})")
    parser.add_argument("--recorded", nargs="?", const="", metavar="NAME", help="a recorded run of tools/site/runs instead of a program")
    parser.add_argument("--record", nargs="*", metavar="NAME", help="record the runs anew (all of them, or those named)")
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    if os.name == "nt":
        raise CourseError("on Windows the port is in the kernel and writes no trace; on Linux and under WSL it does")
    if args.record is not None:
        return trace_runs.record(repo, args.record, args.yes, args.again)
    if args.recorded is not None:
        return _recorded(repo, args, lang)
    if args.events < 1:
        raise UsageError("--events: a number from 1 on")
    chosen = mine.choose(repo, args, [args.stage] if args.stage else [])
    if not chosen or not args.program:
        raise UsageError("which program? e.g. ./course trace 01 port_tour -- --auto")
    stage, seconds = repo.find(chosen[0]), run_command.seconds_of(args.seconds)
    file = repo.root / "build" / "trace" / f"{stage.number}-{args.program}.json"
    out = pathlib.Path(args.out).absolute() if args.out else file.with_suffix(".html")
    code = trace(repo, stage, args.program, args.arguments, file, seconds, args.yes, args.again)
    found = trace_file.read(file, args.events)
    if not found.moments:
        raise CourseError(f"{args.program} made no event of a port: it uses none, or was killed before anything was written"
                          + (f" (it ended with code {code})" if code else ""))
    _say_what_is_missing(found, code, args)
    said = " ".join(["./course trace", stage.number, args.program, *(["--", *args.arguments] if args.arguments else [])])
    _show(trace_page.page(repo, stage, found.text(), lang, args.program, said), out, args)
    console.say(f"{found.moments:,} events; the trace itself, for Perfetto: {_short(repo, file)}")
    return code


def trace(repo, stage, program, arguments, file, seconds=None, yes=False, again=""):
    """Builds and runs the program with IOCP_TRACE=file; returns its exit code."""
    prepare(repo, stage, [program], yes, again)
    child = start(repo, stage, program, arguments, file)

    def too_large():
        if not file.is_file() or file.stat().st_size < _MOST_BYTES:
            return False
        console.warn(f"the trace has {_MOST_BYTES >> 20} MiB: {program} is ended")
        return True

    code = run_command.wait(child, seconds, too_large)
    if not file.is_file():
        raise CourseError(f"{program} wrote no trace (it ended with code {code})")
    return code


def prepare(repo, stage, programs, yes=False, again=""):
    targets = run_command.targets_of(stage, programs)
    config = build.native_config("release")
    packages.ensure(packages.for_stages(config, [stage]), yes)
    doctor.refuse_old(packages.for_stages(config, [stage]))
    with lock.building(repo, again):
        build.build(repo, config, [stage], again, targets)


def start(repo, stage, program, arguments, file, **options):
    """The built program, running, with its trace going to `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    return subprocess.Popen([str(build.program(repo, build.native_config("release"), stage, program)), *arguments],
                            env=dict(os.environ, IOCP_TRACE=str(file)), **options)


def _say_what_is_missing(found, code, args):
    if found.left_out:
        console.warn(f"the page takes the first {found.moments:,} events and leaves out {found.left_out:,} (--events N takes more; "
                     "--for TIME makes a shorter run)")
    if found.torn:
        console.warn("the trace's end is torn off")
    elif not found.closed and code in (128 + 9, 128 + 6, 128 + 11):
        console.warn(f"{args.program} was killed: up to 64 KiB of its last events were not written yet")


def _recorded(repo, args, lang):
    runs = trace_runs.all_runs(repo)
    if not args.recorded:
        width = max(len(r.name) for r in runs)
        for r in runs:
            console.say(f"  {r.name.ljust(width)}  {r.story['title'][lang]}")
        return 0
    chosen = next((r for r in runs if r.name == args.recorded), None)
    if not chosen:
        raise UsageError(f"there is no recorded run '{args.recorded}' (there are: {', '.join(r.name for r in runs)})")
    page = trace_page.page(repo, repo.find(chosen.stage), chosen.text(), lang, chosen.name, chosen.said, chosen.story)
    _show(page, pathlib.Path(args.out).absolute() if args.out else repo.root / "build" / "trace" / f"{chosen.name}.html", args)
    return 0


def _show(page, out, args):
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{out} cannot be written: {error.strerror}") from None
    console.say(f"to watch: {console.style(out.as_uri(), 'bold')}")
    opener = shutil.which("xdg-open") or shutil.which("open")
    if not args.no_open and opener and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or opener.endswith("/open")):
        subprocess.Popen([opener, str(out)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         start_new_session=True)


def _short(repo, path):
    return path.relative_to(repo.root).as_posix() if path.is_relative_to(repo.root) else str(path)
